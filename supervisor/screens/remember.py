"""«This is a read from now on»: a narrow rule, shown before the folder's supervisor.toml gets it."""

from __future__ import annotations

from pathlib import Path

from textual.content import Content

from supervisor.config import AllowStore, Proposal, load, narrow_read, propose_read, write_read
from supervisor.config.layers import FILE_NAME
from supervisor.effects import Judgement, ToolCall
from supervisor.places import Places
from supervisor.views.run import CallView
from supervisor.views.safe import many_lines, one_line
from widgets import look


def propose(places: Places, cwd: str, call: CallView) -> Proposal:
    """The rule that makes exactly this call a read, and the file as it would be. Writes nothing.

    Raises:
        UsageError: a block rule covers the call, or no rule would be narrow enough.
        ConfigError: a configuration file is wrong.
    """
    folder = Path(cwd)
    read = narrow_read(ToolCall(call.tool, call.input))
    block = load(places, folder).config.policy.block
    return propose_read(folder / FILE_NAME, read, Judgement(call.effects), block)


def remember(places: Places, proposal: Proposal) -> None:
    """Write what was shown.

    Raises:
        UsageError: the file has changed since.
        OSError: it cannot be written.
    """
    write_read(proposal, AllowStore(places.allowed), load(places, places.config).config)


def question(call: CallView, proposal: Proposal) -> Content:
    """What is asked before it is written."""
    comments = "" if proposal.keeps_comments else "\nThe file is written anew; its comments are lost."
    return Content.assemble(
        (f"Is #{call.n} a read from now on?\n", f"bold {look.BRIGHT}"),
        f"Added to {one_line(str(proposal.path), 200)}:\n",
        (many_lines(proposal.added.strip(), lines=12), look.CYAN),
        "\nIt passes without being simulated, in this folder, also in live runs. Nothing else does.",
        comments,
    )
