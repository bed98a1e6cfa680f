"""Run views: plain data folded from journal events, the same for live and past runs. No Textual here."""

from supervisor.views.conversation import ConversationItem, Role
from supervisor.views.fold import RunFold, fold
from supervisor.views.run import (
    AlertView,
    CallView,
    Counts,
    GateHealth,
    GroupView,
    RunView,
    UndecidedCall,
)
from supervisor.views.safe import many_lines, one_line
from supervisor.views.show import show_json
from supervisor.views.titles import call_title, tool_name

__all__ = [
    "AlertView",
    "CallView",
    "ConversationItem",
    "Counts",
    "GateHealth",
    "GroupView",
    "Role",
    "RunFold",
    "RunView",
    "UndecidedCall",
    "call_title",
    "fold",
    "many_lines",
    "one_line",
    "show_json",
    "tool_name",
]
