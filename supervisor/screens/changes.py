"""What a run changed in its shadow: the files, and the diff of one."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from supervisor.errors import SuperviseError
from supervisor.screens.source import RunSource
from supervisor.views.changes import FileChange
from supervisor.views.safe import one_line
from widgets import look
from widgets.changes_list import ChangesList
from widgets.diff_text import diff_content
from widgets.row_list import RowList
from widgets.text_pane import TextPane


class ChangesScreen(ModalScreen[None]):
    """The list of changed files above, the diff of the one under the cursor below."""

    CSS = f"""
    ChangesScreen {{ align: center middle; background: {look.GROUND} 60%; }}
    ChangesScreen > Vertical {{
        width: 96%; height: 94%; background: {look.GROUND}; border: round {look.EDGE};
        border-title-color: {look.BLUE};
    }}
    ChangesScreen #files {{ height: 1fr; min-height: 3; }}
    ChangesScreen #diff {{ height: 2fr; border-top: solid {look.EDGE}; }}
    ChangesScreen #diff:focus {{ border-top: solid {look.BLUE}; }}
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,g", "app.pop_screen", "close"),
        Binding("tab", "app.focus_next", "next pane"),
    ]
    AUTO_FOCUS = "#files"

    def __init__(self, source: RunSource, run_id: str, n: int = 0) -> None:
        """Make the screen.

        Args:
            source: where the changes come from.
            run_id: which run.
            n: begin at the first file that this call changed; 0: at the first file.
        """
        super().__init__()
        self._source = source
        self._run_id = run_id
        self._n = n

    def compose(self) -> ComposeResult:
        """List and diff."""
        with Vertical() as sheet:
            sheet.border_title = "changes in the shadow · enter reads the diff · escape closes"
            yield ChangesList(id="files")
            yield TextPane(Content.styled("Looking at the shadow…", look.DIM), id="diff")

    async def on_mount(self) -> None:
        """Look at the shadow."""
        self.run_worker(self._load(), name="changes", exit_on_error=False)

    async def _load(self) -> None:
        pane, files = self.query_one("#diff", TextPane), self.query_one("#files", ChangesList)
        try:
            changes = await self._source.changes(self._run_id)
        except SuperviseError as error:
            changes = None
            words = one_line(f"{error} {error.cure}", 400)
        else:
            words = "This run has no shadow: its writes are in the tree." if changes is None else "No change."
        if not changes:
            pane.set_text(Content.styled(words, look.DIM), home=True)
            return
        files.show(changes)
        at = next((i for i, change in enumerate(changes) if self._n in change.calls), 0)
        files.place(at)
        self._show(changes[at])

    def _show(self, change: FileChange) -> None:
        self.query_one("#diff", TextPane).set_text(diff_content(change.diff, change.path), home=True)

    def on_row_list_moved(self, event: RowList.Moved) -> None:
        """Show the diff of the file under the cursor."""
        change = self.query_one("#files", ChangesList).current
        if change is not None:
            self._show(change)

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Go into the diff, to scroll in it."""
        self.query_one("#diff", TextPane).focus()
