"""The closed sets a view speaks in, for those who draw views and know nothing of journals."""

from supervisor.journal.events import Ending, Outcome, State

__all__ = ["Ending", "Outcome", "State"]
