"""What a shell text would do: walks the tree-sitter-bash syntax tree as bash would run it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tree_sitter import Node

from supervisor.effects import builtins, programs
from supervisor.effects.engine import MOST_TEXT, TooMuch
from supervisor.effects.expand import Expander
from supervisor.effects.model import EffectKind, Listing, Scope
from supervisor.effects.state import Function, State
from supervisor.effects.syntax import parse
from supervisor.effects.targets import Target, file_targets
from supervisor.effects.vocabulary import names
from supervisor.effects.words import UNKNOWN, Word

if TYPE_CHECKING:
    from supervisor.effects.engine import Engine

SYSTEM_BINS = ("/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/", "/usr/local/bin/", "/opt/homebrew/bin/")
OWN_PROGRAM = "supervise"


def run_text(engine: Engine, text: Word, state: State, *, here: bool = False) -> None:
    """Judge `text` as shell code; in the running shell itself if `here` (`eval`), else in a new one."""
    if not text.exact:
        engine.unknown(
            "shell-code", "shell.code", "runs shell code that is not known before it runs", state.on
        )
        return
    if len(text.text) > MOST_TEXT:
        raise TooMuch("too much text")
    engine.step(2)
    tree = parse(text.text)
    if tree.doubt:
        engine.unknown("syntax", "shell.syntax", f"the shell text is not understood: {tree.doubt}", state.on)
    engine.descend()
    inner = state if here else _fresh(state)
    walker = Walker(engine, tree.source, inner)
    walker.statements(tree.root)
    if engine.jumps:
        inner.become(walker._merged([inner.fork()]))
    engine.depth -= 1


def shares_input(text: str) -> bool:
    """Whether a shell that reads `text` from its standard input may run other code than `text`.

    It reads line by line, and what it runs reads from the same place: a program may eat the lines after its own,
    `exec <file` goes on elsewhere.
    """
    last = text.rstrip("\n").count("\n")
    pending = [parse(text).root]
    while pending:
        node = pending.pop()
        if node.type == "command":
            name = node.child_by_field_name("name")
            known = name is not None and name.text is not None and name.text.decode("utf-8", "replace")
            if known not in _INPUT_LEFT_ALONE and (node.start_point[0] < last or known == "exec"):
                return True
        if node.type == "command_name" and (node.text or b"").strip(b"\\\"'") == b"exec":
            return True
        if node.type == "heredoc_redirect" or (node.type.endswith("string") and b"\n" in (node.text or b"")):
            return True
        pending += node.children
    return False


def _fresh(state: State) -> State:
    return State(cwds=state.cwds, exported=set(state.exported), stdin=state.stdin, on=state.on)


def run_words(
    engine: Engine, words: list[Word], state: State, *, external: bool = False, functions: bool = True
) -> None:
    """Judge a simple command given as words.

    Args:
        external: a program starts it, so that functions and built-ins do not count.
        functions: False where `command` or `builtin` passes functions by.
    """
    engine.step()
    if not words:
        return
    engine.descend()
    try:
        _run_words(engine, words, state, external, functions)
    finally:
        engine.depth -= 1


def _run_words(engine: Engine, words: list[Word], state: State, external: bool, functions: bool) -> None:
    for word in words:
        _own(engine, word, state)
    first = words[0]
    if not first.exact:
        engine.unknown("program", "shell.program", "which program runs is not known before it runs", state.on)
        return
    name = first.text
    if not external and functions and name in state.functions:
        function = state.functions[name]
        if function is None:
            engine.unknown(f"function/{name}", "shell.function", f"{name} may be one of several functions")
            return
        _call(engine, function, words[1:], state)
        return
    if not external and functions and name in state.aliases:
        engine.unknown(f"alias/{name}", "shell.alias", f"{name} may be an alias made here", state.on)
        return
    if not external and builtins.run(engine, name, words[1:], state):
        return
    name = _program_name(engine, name, state)
    if name:
        programs.run_program(engine, name, [_listed(engine, word, state) for word in words[1:]], state)


def _listed(engine: Engine, word: Word, state: State) -> Word:
    """A glob that matches no name with a leading dash now is no option: it is the same as `./glob`."""
    if not word.glob or word.prefix or state.on:
        return word
    files = engine.around.files
    if not state.cwds or not isinstance(files, Listing):
        return word
    for cwd in state.cwds:
        entries = files.names(cwd)
        if entries is None or any(entry.startswith("-") for entry in entries):
            return word
    return Word("./" + word.text, exact=False, lead=2, many=True, glob=True)


def _own(engine: Engine, word: Word, state: State) -> None:
    """The supervisor's own program, named by path anywhere, is its command line."""
    if word.text.endswith("/" + OWN_PROGRAM):
        target = Target("supervisor://cli", Scope.HOST)
        engine.emit(EffectKind.WRITE, target, "shell.supervisor", "names the supervisor's own program")


def _program_name(engine: Engine, name: str, state: State) -> str:
    """The program that `name` starts, by the name the rules know; empty if it was noted as unknown."""
    if not name:
        return ""
    files = None if state.on else engine.around.files
    if name == OWN_PROGRAM:
        target = Target("supervisor://cli", Scope.HOST)
        engine.emit(EffectKind.WRITE, target, "shell.supervisor", "runs the supervisor's own program")
        return ""
    if "/" in name:
        folder, _, base = name.rpartition("/")
        folder += "/"
        if folder in SYSTEM_BINS and base not in ("", ".", ".."):
            return base
        for target in file_targets(Word(name), state.cwds, engine.around, state.on):
            engine.emit(EffectKind.UNKNOWN, target, "shell.path", "runs a program by its path", on=state.on)
        return ""
    if files is not None:
        found = files.which(name)
        if found is not None:
            if found.rpartition("/")[2] == OWN_PROGRAM:
                return _program_name(engine, OWN_PROGRAM, state)
            inside = found.startswith(engine.around.workspace.rstrip("/") + "/")
            if inside or found.startswith(("/tmp/", "/var/tmp/", "/dev/")):
                target = Target("file://" + found, Scope.WORKSPACE if inside else Scope.HOST)
                engine.emit(EffectKind.UNKNOWN, target, "shell.path", f"{name} is a program of this folder")
                return ""
    return name


def _call(engine: Engine, function: Function, arguments: list[Word], state: State) -> None:
    params, outer = state.params, state.locals
    state.locals = set()
    engine.functions += 1
    known = not any(word.many for word in arguments)
    state.params = tuple(arguments) if known else None
    walker = Walker(engine, function.source, state)
    walker.statement(function.body)
    if engine.jumps:
        state.become(walker._merged([state.fork()]))
    engine.functions -= 1
    # What was local has its value from before again, whatever that was.
    for name in state.locals:
        state.assign(name, UNKNOWN)
    state.params, state.locals = params, outer


class Walker(Expander):
    """Walks the statements of one source text in one shell."""

    def statements(self, node: Node) -> None:
        """Judge every statement among the children of `node`, in order."""
        previous: Node | None = None
        for child in node.children:
            if not child.is_named:
                if child.type == "&":
                    self._background(previous or node)
                continue
            if child.type != "comment":
                if previous is not None and child.start_byte == previous.end_byte:
                    self._not_understood(child, "two parts stand together that do not belong together")
                self.statement(child)
            previous = child

    def _background(self, node: Node) -> None:
        """A job in the background outlives the call."""
        before = self.engine.part
        self.engine.part = before or self.text(node)[:300]
        target = Target("process://background", Scope.HOST)
        self.engine.emit(
            EffectKind.UNKNOWN, target, "shell.background", "leaves a process running", on=self.state.on
        )
        self.engine.part = before

    def statement(self, node: Node) -> None:
        """Judge one statement."""
        self.engine.step()
        if self.attached:
            redirects = self.attached.pop(node.id, None)
            if redirects is not None:
                self._redirect_around(node, node, redirects)
                return
        handler = _HANDLERS.get(node.type)
        if handler is None:
            self._not_understood(node, f"the construct {node.type.replace('_', ' ')} is not understood")
            self.inside(node)
            return
        self.engine.descend()
        handler(self, node)
        self.engine.depth -= 1

    def _not_understood(self, node: Node, why: str) -> None:
        self.engine.unknown("syntax", "shell.syntax", why, self.state.on)

    # -- simple commands

    def _command(self, node: Node) -> None:
        self._simple(node, [])

    def _simple(self, node: Node, redirects: list[Node]) -> None:
        """Judge a `command` with the redirections that stand around it."""
        before = self.engine.part
        top = node.parent if node.parent is not None and node.parent.type == "redirected_statement" else node
        self.engine.part = before or self.text(top)[:300]
        words: list[Word] = []
        extra: list[Word] = []
        assigned: list[tuple[str, Word]] = []
        state = self.state
        stdin = state.stdin
        previous: Node | None = None
        for child in node.children:
            kind = child.type
            if previous is not None and child.start_byte == previous.end_byte and kind != "command_name":
                if kind not in ("file_redirect", "herestring_redirect") or previous.type != "file_descriptor":
                    if kind not in ("file_redirect", "herestring_redirect"):
                        self._not_understood(child, "two words stand together that do not belong together")
            previous = child
            if kind == "variable_assignment":
                assigned += self.assignment(child)
            elif kind in ("file_redirect", "herestring_redirect"):
                extra += self._redirect(child)
            elif kind == "command_name":
                for part in child.children:
                    words += self.words(part)
            elif kind == "subshell":
                self._not_understood(child, "a subshell stands where a word belongs")
                self.statement(child)
            else:
                words += self.words(child)
        for redirect in redirects:
            extra += self._redirect(redirect)
        words += extra
        run = self.state
        if assigned and words:
            run = self._with_environment(assigned, words[0])
        elif assigned:
            self._assign(assigned)
        run_words(self.engine, words, run)
        if run is not self.state:
            self._keep(run, assigned, words[0])
        self.state.stdin = UNKNOWN if stdin is not None else None
        self.engine.part = before

    def _keep(self, run: State, assigned: list[tuple[str, Word]], program: Word) -> None:
        """Keep what a built-in or function changed, but not what was assigned for it alone."""
        state = self.state
        exported, ifs_known, variables = (
            state.exported | (run.exported - state.exported),
            state.ifs_known,
            state.variables,
        )
        exported -= {name for name, _ in assigned} - state.exported
        state.become(run)
        state.exported = exported
        state.ifs_known = ifs_known and run.ifs_known
        shell_code = program.text in _KEEPERS or program.text in state.functions
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
            state.variables[name] = value
        if any(name == "IFS" for name, _ in assigned) and program.text in _KEEPERS:
            state.ifs_known = False
        return state

    def _danger(self, name: str) -> None:
        self.engine.unknown(
            f"environment/{name}", "shell.environment", f"{name} changes what programs do", self.state.on
        )

    def _assign(self, assigned: list[tuple[str, Word]]) -> None:
        for name, value in assigned:
            if name == "IFS":
                self.state.ifs_known = False
            elif self.engine.variable(name) is EffectKind.UNKNOWN:
                self._danger(name)
            self.state.assign(name, value)

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
        self._aliased(self.text(node.children[0]))
        for child in node.children[1:]:
            if child.type == "variable_assignment":
                for name, value in self.assignment(child):
                    words.append(_assignment_word(name, value))
            elif child.type == "variable_name":
                words.append(Word(self.text(child)))
            else:
                words += self.words(child)
        builtins.declare(self.engine, self.text(node.children[0]), words, self.state)
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
        extra: list[Word] = []
        followers: list[Node] = []
        for redirect in redirects:
            if redirect.type == "heredoc_redirect":
                extra += self._heredoc(redirect, followers)
            else:
                extra += self._redirect(redirect)
        given = self.state.stdin
        if body is None:
            if extra:
                run_words(self.engine, extra, self.state)
        elif extra and body.type == "command":
            self._simple_with(body, extra)
        else:
            if extra:
                self._not_understood(node, "words follow the redirection of a compound command")
            self.statement(body)
        output: Word | None = UNKNOWN
        if body is not None and self.text(body).strip() == "cat" and not extra and len(redirects) == 1:
            output = given if "cat" not in self.state.functions else UNKNOWN
        self.state.stdin = stdin
        for follower in followers:
            self._follower(follower, output)
        self.engine.part = before

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
        run_words(self.engine, words + extra, run)

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
            self.statement(node)

    def _heredoc(self, node: Node, followers: list[Node]) -> list[Word]:
        extra: list[Word] = []
        quoted = False
        text: Word | None = None
        mark: Node | None = None
        arguments = {child.id for child in node.children_by_field_name("argument")}
        for child in node.children:
            if child.type == "heredoc_start":
                quoted = any(mark in self.text(child) for mark in "'\"\\")
                if not _DELIMITER.fullmatch(self.text(child)):
                    self._not_understood(child, "the end mark of a here-document is not understood")
                mark = child
            elif child.type == "heredoc_body":
                between = self.source[mark.end_byte : child.start_byte] if mark is not None else b"\\"
                if b"\\\n" in between or between.partition(b"\n")[2].strip(b" \t\n"):
                    self._not_understood(child, "where the here-document begins is not understood")
                text = self.heredoc(child, quoted)
            elif child.type == "file_redirect":
                extra += self._redirect(child)
            elif child.type in ("<<", "<<-", "heredoc_end", "file_descriptor"):
                continue
            elif child.id in arguments:
                extra += self.words(child)
            elif child.is_named:
                followers.append(child)
        strip_tabs = any(child.type == "<<-" for child in node.children)
        if text is not None and strip_tabs and text.exact:
            text = Word("\n".join(line.lstrip("\t") for line in text.text.split("\n")))
        descriptor = next((child for child in node.children if child.type == "file_descriptor"), None)
        if descriptor is None or self.text(descriptor) == "0":
            self.state.stdin = text if text is not None else Word("")
        return extra

    def _redirect(self, node: Node) -> list[Word]:
        """Judge one redirection; the words after its target belong to the command."""
        if node.type == "herestring_redirect":
            for child in node.named_children:
                if child.type == "file_descriptor":
                    if self.text(child) != "0":
                        return []
                    continue
                word = self.joined(child)
                self.state.stdin = Word(word.text + "\n") if word.exact else UNKNOWN
            return []
        if node.type == "heredoc_redirect":
            followers: list[Node] = []
            extra = self._heredoc(node, followers)
            for follower in followers:
                self._follower(follower, None)
            return extra
        if node.type != "file_redirect":
            self._not_understood(node, "the redirection is not understood")
            return []
        operator = next((c.type for c in node.children if not c.is_named), "")
        destinations = node.children_by_field_name("destination")
        if operator == "<&-":
            self.state.stdin = UNKNOWN
        if operator in (">&-", "<&-"):
            return [word for child in destinations for word in self.words(child)]
        if not destinations:
            self._not_understood(node, "the redirection is not understood")
            return []
        found = self.words(destinations[0])
        rest = [word for child in destinations[1:] for word in self.words(child)]
        self._redirect_to(operator, found)
        return rest

    def _redirect_to(self, operator: str, found: list[Word]) -> None:
        word = found[0] if len(found) == 1 else UNKNOWN
        if operator in ("<", "<&", "<>"):
            self.state.stdin = UNKNOWN
        if word.exact and operator in (">&", "<&") and (word.text.rstrip("-").isdigit() or word.text == "-"):
            return
        reads = operator in ("<", "<&")
        kind = EffectKind.READ if reads else EffectKind.WRITE
        if operator not in ("<", ">", ">>", "&>", "&>>", ">|", ">&", "<&", "<>"):
            self.engine.unknown("redirection", "shell.redirect", "the redirection is not understood")
            return
        for target in file_targets(word, self.state.cwds, self.engine.around, self.state.on):
            if target.uri.startswith(("tcp:", "udp:")):
                kind = EffectKind.WRITE
            elif (
                reads
                and not word.exact
                and not word.prefix.startswith("/")
                and not word.glob
                and not word.lead
            ):
                # `< $x` may be /dev/tcp/host/port, which connects.
                kind = EffectKind.UNKNOWN
            why = "reads from this file" if reads else "redirects output to this file"
            self.engine.emit(kind, target, "shell.redirect", why, on=self.state.on)

    # -- compound statements

    def _list(self, node: Node) -> None:
        original = self.state
        self.state = original.fork()
        success, failure = self._chain(node)
        merged = self._merged([success, failure])
        original.become(merged)
        self.state = original

    def _chain(self, node: Node) -> tuple[State, State]:
        """Judge `a && b || c`; the states after success and after failure."""
        if node.type != "list":
            self.statement(node)
            return self.state, self.state
        left, *rights = [child for child in node.named_children if child.type != "comment"]
        operators = [child.type for child in node.children if not child.is_named]
        success, failure = self._chain(left)
        for right, operator in zip(rights, operators, strict=False):
            self.state = (success if operator == "&&" else failure).fork()
            then, other = self._chain(right)
            if operator == "&&":
                success, failure = then, self._merged([failure, other])
            elif operator == "||":
                success, failure = self._merged([success, then]), other
            else:
                self._not_understood(node, "the list is not understood")
        self.state = success
        return success, failure

    def _pipeline(self, node: Node) -> None:
        state = self.state
        stdin = state.stdin
        output: Word | None = stdin
        for child in node.named_children:
            self.state = state.fork()
            self.state.stdin = output
            self.statement(child)
            output = self._output(child)
        self.state = state
        state.stdin = stdin

    def _output(self, node: Node) -> Word | None:
        """What a simple statement prints, where that is certain; UNKNOWN else."""
        if node.type != "command" or "echo" in self.state.functions:
            return UNKNOWN
        if any(child.type not in ("command_name", "word", "string", "raw_string") for child in node.children):
            return UNKNOWN
        words = [word for child in node.children for word in self.quiet_words(child)]
        if not all(word.exact for word in words) or not words or words[0].text != "echo":
            return UNKNOWN
        if any("\\" in word.text for word in words) or (len(words) > 1 and words[1].text.startswith("-")):
            return UNKNOWN
        return Word(" ".join(word.text for word in words[1:]) + "\n")

    def _subshell(self, node: Node) -> None:
        state = self.state
        self.state = state.fork()
        self.statements(node)
        self.state = state

    def _compound(self, node: Node) -> None:
        if node.children and node.children[0].type == "((":
            self.arithmetic(node)
            self._plain(node, "only calculates")
        else:
            self.statements(node)

    def _negated(self, node: Node) -> None:
        self.statements(node)

    def _function(self, node: Node) -> None:
        name = node.child_by_field_name("name")
        body = node.child_by_field_name("body")
        redirect = node.child_by_field_name("redirect")
        if name is None or body is None or redirect is not None:
            self._not_understood(node, "the function is not understood")
            self.inside(node)
            return
        self.state.functions[self.text(name)] = Function(body, self.source)
        self.engine.defines_functions = True
        self._plain(node, "only defines a function")

    def _if(self, node: Node) -> None:
        original = self.state
        ends: list[State] = []
        self._branches(node, ends)
        original.become(self._merged(ends))
        self.state = original

    def _branches(self, node: Node, ends: list[State]) -> None:
        """Judge `if` or `elif`: conditions one after the other, each body on a state of its own."""
        clauses = [child for child in node.children if child.type in ("elif_clause", "else_clause")]
        condition = True
        skipped = self.state
        for child in node.children:
            if child.type == "then":
                condition = False
                skipped = self.state.fork()
            elif child.is_named and child.type not in ("comment", "elif_clause", "else_clause"):
                self.statement(child)
        if condition:
            self._not_understood(node, "the condition is not understood")
        ends.append(self.state)
        self.state = skipped
        for clause in clauses:
            if clause.type == "else_clause":
                self.statements(clause)
                ends.append(self.state)
                return
            done: list[State] = []
            self._branches(clause, done)
            ends.append(done[0])
            self.state = done[-1]
        ends.append(self.state)

    def _merged(self, ends: list[State]) -> State:
        merged = ends[0].fork()
        merged.assume([*ends, *self.engine.jumps])
        return merged

    def _loop(self, node: Node) -> None:
        """`for`, `select`, `while`, `until`: the body runs any number of times."""
        name = node.child_by_field_name("variable")
        if node.type == "for_statement" and name is not None:
            values = [word for child in node.children_by_field_name("value") for word in self.words(child)]
            variable = self.text(name)
            self._danger_if(variable)
            body = node.child_by_field_name("body")
            has_in = any(child.type == "in" for child in node.children)
            values = values if has_in else [UNKNOWN]
            if body is None:
                self._not_understood(node, "the loop is not understood")
                return
            before = self.state.fork()
            if len(values) <= 6 and not self._nested_loop():
                for value in values:
                    self.state.variables[variable] = self._one(value)
                    self.statement(body)
                    self._after_jumps()
                # What the body changes may differ the next time round.
                if len(values) > 1 and self._settles(before, variable):
                    self._again(variable, values, [body])
            else:
                self._again(variable, values, [body])
            self.state.assume([before, self.state.fork()])
            return
        parts = [child for child in node.named_children if child.type != "comment"]
        self._again("", [], parts)

    def _after_jumps(self) -> None:
        if self.engine.jumps:
            self.state.become(self._merged([self.state.fork()]))

    def _nested_loop(self) -> bool:
        return self.loops > 0

    def _one(self, value: Word) -> Word:
        return Word(value.text, value.exact, value.lead, False, value.glob)

    def _settles(self, before: State, variable: str) -> bool:
        """Whether the body changed anything but the loop variable."""
        now = self.state.fork()
        then = before.fork()
        now.variables.pop(variable, None)
        then.variables.pop(variable, None)
        return not now.same_as(then)

    def _again(self, variable: str, values: list[Word], parts: list[Node]) -> None:
        """Judge `parts` under what holds at every round: first see what they change, then note effects."""
        before = self.state.fork()
        if variable:
            self.state.variables[variable] = _common(values)
        noted = len(self.engine.effects)
        self.loops += 1
        for _ in range(5):
            start = self.state.fork()
            del self.engine.effects[noted:]
            for part in parts:
                self.statement(part)
            if variable:
                self.state.variables[variable] = _common(values)
            self.state.assume([start, self.state.fork(), *self.engine.jumps])
            if self.state.same_as(start):
                break
        else:
            self._not_understood(parts[0], "what the loop changes is not understood")
        self.loops -= 1
        self.state.assume([before, self.state.fork()])

    def _c_for(self, node: Node) -> None:
        body = node.child_by_field_name("body")
        for child in node.children:
            if child.is_named and (body is None or child.id != body.id):
                self.arithmetic(child)
        if body is not None:
            self._again("", [], [body])

    def _danger_if(self, name: str) -> None:
        if name == "IFS":
            self.state.ifs_known = False
        elif self.engine.variable(name) is EffectKind.UNKNOWN:
            self._danger(name)

    def _case(self, node: Node) -> None:
        value = node.child_by_field_name("value")
        if value is not None:
            self.joined(value)
        ends = [self.state.fork()]
        start = self.state.fork()
        for item in node.named_children:
            if item.type != "case_item":
                continue
            # With `;&` an item may start where the one before ended.
            self.state.assume([start, *ends])
            patterns = {child.id for child in item.children_by_field_name("value")}
            for child in item.children:
                if child.id in patterns:
                    self.joined(child)
                elif child.is_named and child.type != "comment":
                    self.statement(child)
            ends.append(self.state.fork())
        self.state.assume(ends)

    def _test(self, node: Node) -> None:
        self.test(node)
        self._plain(node, "only tests")

    def inside(self, node: Node) -> None:
        """Judge every command inside a node that is not understood itself."""
        for child in node.named_children:
            if child.type in _HANDLERS and child.type not in ("variable_assignment", "test_command"):
                self.statement(child)
            elif child.type in ("command_substitution", "process_substitution"):
                self.words(child)
            else:
                self.engine.step()
                self.inside(child)


def _has_heredoc(redirects: list[Node]) -> bool:
    return any(redirect.type == "heredoc_redirect" for redirect in redirects)


def _assignment_word(name: str, value: Word) -> Word:
    return Word(f"{name}={value.text}", value.exact, len(name) + 1 + value.lead if not value.exact else 0)


def _common(values: list[Word]) -> Word:
    """What is known of a word that is one of `values`."""
    if not values:
        return UNKNOWN
    prefix = values[0].prefix
    for value in values[1:]:
        while not value.prefix.startswith(prefix):
            prefix = prefix[:-1]
    globs = all(value.glob or value.exact for value in values)
    if len(values) == 1 and values[0].exact:
        return values[0]
    return Word(prefix + "*", False, len(prefix), False, globs and bool(prefix))


_DELIMITER = re.compile(r"\\?[A-Za-z0-9_.-]+|'[A-Za-z0-9_. -]+'|\"[A-Za-z0-9_. -]+\"")
_INPUT_LEFT_ALONE = names(
    "echo printf cd pwd true false : test [ ls date whoami hostname uname id export set"
)
_KEEPERS = frozenset(("eval", "source", ".", "export", "exec", "command", "builtin", "trap", "set", "unset"))

_HANDLERS = {
    "command": Walker._command,
    "variable_assignment": Walker._assignments,
    "variable_assignments": Walker._assignments,
    "declaration_command": Walker._declaration,
    "unset_command": Walker._unset,
    "redirected_statement": Walker._redirected,
    "list": Walker._list,
    "pipeline": Walker._pipeline,
    "subshell": Walker._subshell,
    "compound_statement": Walker._compound,
    "negated_command": Walker._negated,
    "function_definition": Walker._function,
    "if_statement": Walker._if,
    "for_statement": Walker._loop,
    "while_statement": Walker._loop,
    "c_style_for_statement": Walker._c_for,
    "case_statement": Walker._case,
    "do_group": Walker.statements,
    "test_command": Walker._test,
    "program": Walker.statements,
}
