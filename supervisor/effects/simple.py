"""Simple commands: their words, assignments and redirections, put together as bash does."""

from __future__ import annotations

from tree_sitter import Node

from supervisor.effects import builtin_setters, builtins, shell, variables
from supervisor.effects.expansions import appends_to
from supervisor.effects.model import EffectKind, Scope
from supervisor.effects.redirects import Redirects
from supervisor.effects.state import State
from supervisor.effects.targets import Target
from supervisor.effects.vocabulary import names
from supervisor.effects.words import UNKNOWN, Word

SPECIAL = names(": . break continue eval exec exit export readonly return set shift source times trap unset")
"""Built-ins that in POSIX mode come before functions, and for which assignments before them last."""
_KEEPERS = SPECIAL | {"command", "builtin"}
"""Built-ins that run other code in this shell, or change what it knows, or may keep what was assigned."""


class Simple(Redirects):
    """Judges simple commands, assignments and declarations."""

    def _command(self, node: Node) -> None:
        self._simple(node, [])

    def _simple(self, node: Node, redirects: list[Node]) -> None:
        """Judge a `command` with the redirections that stand around it."""
        before = self.engine.part
        top = node.parent if node.parent is not None and node.parent.type == "redirected_statement" else node
        self.engine.part = before or self.text(top)[:300]
        words: list[Word] = []
        extra: list[Word] = []
        inner: list[Node] = []
        assigned: list[tuple[str, Word]] = []
        instead = self._if_not_opened([*node.children, *redirects])
        previous: Node | None = None
        for child in node.children:
            kind = child.type
            touches = previous is not None and child.start_byte == previous.end_byte
            if touches and kind not in ("file_redirect", "herestring_redirect"):
                self._not_understood(child, "two words stand together that do not belong together")
            previous = child
            if kind == "variable_assignment":
                assigned += self.assignment(child)
            elif kind in ("file_redirect", "herestring_redirect"):
                inner.append(child)
            elif kind == "command_name":
                for part in child.children:
                    words += self.words(part)
            elif kind == "subshell":
                self._not_understood(child, "a subshell stands where a word belongs")
                self.statement(child)
            else:
                words += self.words(child)
        given = stdin = self.state.stdin  # a substitution may have read from it
        for redirect in (*inner, *redirects):  # words are expanded before anything is redirected
            extra += self._redirect(redirect)
            if self.state.stdin is not stdin:
                given, self.state.stdin = self.state.stdin, UNKNOWN
        self.state.stdin = given
        words += extra
        run = self.state
        if assigned and words:
            run = self._with_environment(assigned, words[0])
        elif assigned:
            self._assign(assigned)
        shell.run_words(self.engine, words, run)
        if run is not self.state:
            self._keep(run, assigned, words[0])
        if instead is not None:
            self.state.assume([instead, self.state.fork()])
        self.state.stdin = stdin
        self.state.read_from()
        self.engine.part = before

    def _keep(self, run: State, assigned: list[tuple[str, Word]], program: Word) -> None:
        """Keep what a built-in or function changed, but not what was assigned for it alone."""
        state = self.state
        exported, ifs_known, variables = (
            state.exported | (run.exported - state.exported),
            state.ifs_known,
            state.variables,
        )
        for_it_alone = {name for name, _ in assigned}
        exported -= for_it_alone - state.exported
        shell_code = program.text in _KEEPERS or program.text in state.functions
        handed_on = run.handed_on
        if not shell_code and program.text not in ("declare", "typeset", "local"):
            handed_on = state.handed_on | (run.handed_on - for_it_alone)
        state.become(run)
        state.exported, state.handed_on = exported, handed_on
        state.ifs_known = ifs_known and run.ifs_known
        for name, _ in assigned:
            if shell_code or name not in variables:
                state.variables[name] = UNKNOWN
            else:
                state.variables[name] = variables[name]

    def _with_environment(self, assigned: list[tuple[str, Word]], program: Word) -> State:
        state = self.state.fork()
        for name, _ in assigned:
            meaning = self.engine.variable(name)
            if name == "IFS" and program.text in ("read", "mapfile", "readarray"):
                continue
            if meaning is EffectKind.UNKNOWN:
                self._danger(name)
            elif meaning is EffectKind.WRITE:
                state.exported.add(name)
        for name, value in assigned:
            if variables.is_fixed(state, name):
                self.engine.abandoned.append(state.fork())
            state.assign(name, variables.evaluated(self.engine, state, name, value))
        state.handed_on |= {name for name, _ in assigned}
        if any(name == "IFS" for name, _ in assigned) and program.text in _KEEPERS:
            state.ifs_known = False
        return state

    def _danger(self, name: str) -> None:
        self.engine.unknown(
            f"environment/{name}", "shell.environment", f"{name} changes what programs do", self.state.on
        )

    def _assign(self, assigned: list[tuple[str, Word]]) -> None:
        for name, value in assigned:
            self.set_variable(name, value)

    def _assignments(self, node: Node) -> None:
        for child in [node] if node.type == "variable_assignment" else node.named_children:
            self.engine.step()
            self._assign(self.assignment(child))
        self._plain(node, "only sets shell variables")

    def _plain(self, node: Node, why: str) -> None:
        """Note that a statement has no effect outside the shell."""
        if self.engine.part:
            self.engine.emit(EffectKind.READ, Target("shell://", Scope.HOST), "shell.state", why)
            return
        self.engine.part = self.text(node)[:300]
        self.engine.emit(EffectKind.READ, Target("shell://", Scope.HOST), "shell.state", why)
        self.engine.part = ""

    def _declaration(self, node: Node) -> None:
        words: list[Word] = []
        lists: list[str] = []  # and what is added to
        self._aliased(self.text(node.children[0]))
        for child in node.children[1:]:
            if child.type == "variable_assignment":
                value = child.child_by_field_name("value")
                for name, word in self.assignment(child, adds=False):
                    listed = value is not None and value.type == "array"
                    words.append(Word(name) if listed else _assignment_word(name, word))
                    if listed or appends_to(child):
                        lists.append(name)
            elif child.type == "variable_name":
                words.append(Word(self.text(child)))
            else:
                words += self.words(child)
        builtin_setters.declare(self.engine, self.text(node.children[0]), words, self.state)
        for name in lists:
            self.set_variable(name, UNKNOWN)
        self._plain(node, "only sets shell variables")

    def _aliased(self, name: str) -> None:
        if name in self.state.aliases:
            self.engine.unknown(
                f"alias/{name}", "shell.alias", f"{name} may be an alias made here", self.state.on
            )

    def _unset(self, node: Node) -> None:
        self._aliased("unset")
        words = [word for child in node.children[1:] for word in self.words(child)]
        builtins.run(self.engine, "unset", words, self.state)
        self._plain(node, "only sets shell variables")

    # -- redirections

    def _redirected(self, node: Node) -> None:
        body = node.child_by_field_name("body")
        redirects = [child for child in node.children if body is None or child.id != body.id]
        if body is None:
            self._redirect_around(node, None, redirects)
            return
        # The tree hangs redirections on the whole pipeline or list: they belong to its last command.
        last = body
        while last.type in ("list", "pipeline", "negated_command"):
            last = [child for child in last.named_children if child.type != "comment"][-1]
        if last.id == body.id:
            self._redirect_around(node, body, redirects)
        else:
            self.attached[last.id] = redirects
            self.statement(body)

    def _redirect_around(self, node: Node, body: Node | None, redirects: list[Node]) -> None:
        """Judge `body` with its redirections; `node` is what a person sees of it."""
        if body is not None and body.type == "command" and not _has_heredoc(redirects):
            self._simple(body, redirects)
            return
        before = self.engine.part
        self.engine.part = before or self.text(node)[:300]
        stdin = self.state.stdin
        instead = self._if_not_opened(redirects)
        extra: list[Word] = []
        followers: list[Node] = []
        for redirect in redirects:
            if redirect.type == "heredoc_redirect":
                extra += self._heredoc(redirect, followers)
            else:
                extra += self._redirect(redirect)
        given = self.state.stdin
        if (
            body is not None
            and body.type == "command"
            and (
                any(
                    child.type == "herestring_redirect" or self.text(child)[:1] == "<"
                    for child in body.children
                )
                or (stdin is not None and _substitutes(body))
            )
        ):
            self._not_understood(body, "which of its inputs counts is not understood")
        if body is None:
            if extra:
                shell.run_words(self.engine, extra, self.state)
        elif extra and body.type == "command":
            self._simple_with(body, extra)
        else:
            if extra:
                self._not_understood(node, "words follow the redirection of a compound command")
            self.statement(body)
        output: Word | None = UNKNOWN
        if body is not None and self.text(body).strip() == "cat" and not extra and len(redirects) == 1:
            output = given if "cat" not in self.state.functions else UNKNOWN
        if instead is not None:
            self.state.assume([instead, self.state.fork()])
        # `exec <<E` has changed it for what comes after.
        self.state.stdin = stdin
        self.state.read_from()
        for follower in followers:
            self._follower(follower, output)
        self.engine.part = before

    def _if_not_opened(self, nodes: list[Node]) -> State | None:
        """What the shell knows if a file cannot be opened: the command is not run at all. None: all can."""
        for node in nodes:
            if node.type in ("file_redirect", "heredoc_redirect"):
                inner = [child for child in node.children if child.type == "file_redirect"]
                goal = node.child_by_field_name("destination")
                if (inner and self._if_not_opened(inner)) or (
                    goal is not None and self.text(goal) not in ("/dev/null", "1", "2")
                ):
                    return self.state.fork()
        return None

    def _simple_with(self, body: Node, extra: list[Word]) -> None:
        words: list[Word] = []
        assigned: list[tuple[str, Word]] = []
        for child in body.children:
            if child.type == "variable_assignment":
                assigned += self.assignment(child)
            elif child.type in ("file_redirect", "herestring_redirect"):
                words += self._redirect(child)
            elif child.type == "command_name":
                for part in child.children:
                    words += self.words(part)
            else:
                words += self.words(child)
        run = self._with_environment(assigned, words[0]) if assigned and words else self.state
        shell.run_words(self.engine, words + extra, run)

    def _follower(self, node: Node, output: Word | None) -> None:
        """What stands behind a here-document on its first line: `| next`, `&& next`."""
        if node.type == "pipeline":
            state = self.state
            self.state = state.fork()
            self.state.stdin = output
            for child in node.named_children:
                self.statement(child)
                self.state.stdin = None
            self.state = state
        else:
            before = self.state.fork()
            self.statement(node)
            self.state.assume([before, self.state.fork()])


def _substitutes(command: Node) -> bool:
    """Whether one of its words runs a command, which reads from where the shell does."""
    pending = list(command.children)
    while pending:
        node = pending.pop()
        if node.type in ("command_substitution", "process_substitution"):
            return True
        pending += node.children
    return False


def _has_heredoc(redirects: list[Node]) -> bool:
    return any(redirect.type == "heredoc_redirect" for redirect in redirects)


def _assignment_word(name: str, value: Word) -> Word:
    return Word(f"{name}={value.text}", value.exact, len(name) + 1 + value.lead if not value.exact else 0)
