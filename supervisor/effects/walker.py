"""Statements: lists, pipelines, branches, loops and functions, walked as bash would run them."""

from __future__ import annotations

from tree_sitter import Node

from supervisor.effects.model import EffectKind, Scope
from supervisor.effects.simple import SPECIAL, Simple
from supervisor.effects.state import Function, State
from supervisor.effects.targets import Target
from supervisor.effects.vocabulary import names
from supervisor.effects.words import UNKNOWN, Word

_HOOKS = names(
    """chpwd precmd preexec periodic zshexit zshaddhistory command_not_found_handle command_not_found_handler
    prompt_command"""
)
"""Functions that some shell calls without being told to."""


class Walker(Simple):
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
                new_line = previous is not None and child.start_point[0] > previous.end_point[0]
                if self.engine.abandoned and previous is not None and new_line and node.type == "program":
                    self._go_on(self.source[previous.end_byte : child.start_byte])
                if previous is not None and child.start_byte == previous.end_byte:
                    self._not_understood(child, "two parts stand together that do not belong together")
                self.statement(child)
            previous = child

    def _go_on(self, gap: bytes) -> None:
        """What was given up goes on with the next line; where `gap` holds no end of a line, that is later."""
        self.state.assume([self.state.fork(), *self.engine.abandoned])
        if b"\n" in gap.replace(b"\\\n", b""):
            self.engine.abandoned.clear()

    def _jobs(self, node: Node) -> None:
        for child in node.children:
            if child.type == "&":
                self._background(child.prev_named_sibling or node)

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
        state.read_from()

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
        state.read_from()

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
        if self.text(name) in _HOOKS or self.text(name).startswith("TRAP"):
            self._not_understood(node, f"the shell calls {self.text(name)} by itself")
        if self.text(name) in SPECIAL:
            self._not_understood(node, f"whether {self.text(name)} is this function or the built-in depends")
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
        self._jobs(node)
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
            body = node.child_by_field_name("body")
            has_in = any(child.type == "in" for child in node.children)
            values = values if has_in else [UNKNOWN]
            if body is None:
                self._not_understood(node, "the loop is not understood")
                return
            before = self.state.fork()
            if len(values) <= 6 and not self._nested_loop():
                for value in values:
                    self.set_variable(variable, self._one(value))
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
        self._jobs(node)

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
            self.set_variable(variable, _common(values))
        noted = len(self.engine.effects)
        self.loops += 1
        for _ in range(5):
            start = self.state.fork()
            del self.engine.effects[noted:]
            for part in parts:
                self.statement(part)
            if variable:
                self.state.assign(variable, _common(values))
            self.state.assume([start, self.state.fork(), *self.engine.jumps])
            if self.state.same_as(start):
                break
        else:
            self._not_understood(parts[0], "what the loop changes is not understood")
        self.loops -= 1
        self.state.assume([before, self.state.fork()])

    def _c_for(self, node: Node) -> None:
        body = node.child_by_field_name("body")
        updates = {child.id for child in node.children_by_field_name("update")}
        for child in node.children:
            if child.is_named and child.id not in updates and (body is None or child.id != body.id):
                self.arithmetic(child)
        self._next_round(node, ("update",))
        if body is not None:
            self._again("", [], [body])
        self._next_round(node, ("condition", "update"))  # the body may have changed what they evaluate

    def _next_round(self, node: Node, fields: tuple[str, ...]) -> None:
        """Judge what is evaluated if there is another round."""
        before = self.state.fork()
        for field in fields:
            for child in node.children_by_field_name(field):
                if child.is_named:
                    self.arithmetic(child)
        self.state.assume([before, self.state.fork()])

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
            self._jobs(item)
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
