"""Expansion: what the words in a syntax tree become, and the commands that run while they do."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from tree_sitter import Node

from supervisor.effects import variables
from supervisor.effects.expansions import appends_to, is_error, quotes_nothing
from supervisor.effects.printed import command_of, is_object_id
from supervisor.effects.quoting import ansi_c, double_quoted, unescape, unquoted_is_plain
from supervisor.effects.state import State
from supervisor.effects.targets import PROCESS
from supervisor.effects.words import (
    COUNT,
    NUMBER,
    OBJECT_ID,
    UNKNOWN,
    Kind,
    Piece,
    Word,
    assemble,
)

if TYPE_CHECKING:
    from supervisor.effects.engine import Engine

_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")
_LATER_TILDE = re.compile(r"(?<=[=:])~[^/:]*")
_ASSIGNS = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\+?=")


class Expander(ABC):
    """Turns nodes into words within one source text and one shell state.

    Attributes:
        engine: where effects go.
        source: the text the nodes stand in.
        state: what the shell knows now.
        loops: how many loops are open whose rounds are judged together.
        attached: redirections that belong to a node but stand further out in the tree.
    """

    def __init__(self, engine: Engine, source: bytes, state: State) -> None:
        self.engine = engine
        self.source = source
        self.state = state
        self.loops = 0
        self.attached: dict[int, list[Node]] = {}

    def text(self, node: Node) -> str:
        """The source text of `node`."""
        return self.source[node.start_byte : node.end_byte].decode("utf-8", "replace")

    @abstractmethod
    def statements(self, node: Node) -> None:
        """Judge the statements in `node`."""

    @abstractmethod
    def statement(self, node: Node) -> None:
        """Judge one statement."""

    @abstractmethod
    def _jobs(self, node: Node) -> None:
        """Note the jobs among the children of `node` that run in the background."""

    @abstractmethod
    def _redirect(self, node: Node) -> list[Word]: ...

    @abstractmethod
    def arithmetic(self, node: Node, *, element: bool = True) -> None:
        """Judge an arithmetic expression."""

    @abstractmethod
    def prints_number(self, node: Node) -> bool:
        """Whether a command substitution can print nothing but a number."""

    def doubt(self, why: str) -> None:
        """Note that something in the text is not understood."""
        self.engine.unknown("syntax", "shell.syntax", why, self.state.on)

    # -- words

    def words(self, node: Node) -> list[Word]:
        """The words that `node` becomes as an argument: none, one or several."""
        if node.type in ("word", "number") and node.child_count == 0:
            text = self.text(node)
            if _PLAIN.fullmatch(text):
                return [Word(text)]
        elif node.type == "raw_string":
            return [Word(self.text(node)[1:-1])]
        whole = self._all_parameters(node)
        if whole is not None:
            return whole
        return assemble(self.pieces(node), ifs_known=self.state.ifs_known)

    def joined(self, node: Node) -> Word:
        """The one word that `node` becomes where bash neither splits nor globs."""
        if node.child_count == 0 and node.type in ("word", "number"):
            text = self.text(node)
            if _PLAIN.fullmatch(text):
                return Word(text)
        return assemble(self.pieces(node), split=False)[0]

    def quiet_words(self, node: Node) -> list[Word]:
        """The words of a node without expansions; unknown if it has any."""
        if node.type == "command_name":
            return [word for child in node.children for word in self.quiet_words(child)]
        if node.type == "string" and any(
            child.type not in ('"', "string_content") for child in node.children
        ):
            return [UNKNOWN]
        if node.type not in ("word", "string", "raw_string"):
            return [UNKNOWN]
        return assemble(self.pieces(node))

    def _all_parameters(self, node: Node) -> list[Word] | None:
        """The positional parameters if `node` is `$@` or `"$@"` and they are known."""
        inner = node
        if node.type == "string" and node.child_count == 3:
            inner = node.children[1]
        params = self.state.params
        if params is None or inner.type != "simple_expansion" or self.text(inner).strip() != "$@":
            return None
        plain = inner is not node or (
            self.state.ifs_known and all(word.exact and word.text.isalnum() for word in params)
        )
        return list(params) if plain else None

    def pieces(self, node: Node) -> list[Piece]:
        """The parts of one word, in order; commands inside are judged on the way."""
        self.engine.step()
        match node.type:
            case "word" | "number" | "variable_name" | "test_operator" | "extglob_pattern" | "regex":
                return self._literal(node)
            case "raw_string":
                return [(self.text(node)[1:-1], Kind.QUOTED)]
            case "string":
                return self._string(node)
            case "ansi_c_string":
                value = ansi_c(self.text(node)[2:-1])
                return [("", Kind.UNKNOWN)] if value is None else [(value, Kind.QUOTED)]
            case "concatenation" | "command_name":
                return self._concatenation(node)
            case "brace_expression":
                return [(self.text(node), Kind.LITERAL)]
            case "simple_expansion" | "expansion":
                return self._variable(node, quoted=False)
            case "command_substitution":
                self.substitution(node)
                return [("", self._printed(node, Kind.UNKNOWN_MANY))]
            case "process_substitution":
                self.substitution(node)
                return [(PROCESS, Kind.QUOTED)]
            case "arithmetic_expansion":
                self.arithmetic(node)
                return [("", self._of_number(False))]
            case "array":
                for child in node.named_children:
                    if self.text(child).startswith("["):
                        self.doubt("the subscripts of an array are evaluated")
                    self.words(child)
                return [("", Kind.UNKNOWN_MANY)]
            case "==" | "=~" | "=" | "!=" | "$":
                return [(self.text(node), Kind.QUOTED)]
        self.doubt(f"the word {self.text(node)[:60]} is not understood")
        for child in node.named_children:
            self.pieces(child)
        return [("", Kind.UNKNOWN_MANY)]

    def _literal(self, node: Node) -> list[Piece]:
        text = self.text(node)
        if node.child_count:
            return self._concatenation(node) if node.type == "word" else self._opaque(node)
        if not unquoted_is_plain(text):
            if node.type in ("regex", "extglob_pattern"):
                return self._opaque(node)
            self.doubt(f"the word {text[:60]} is not understood")
            return [("", Kind.UNKNOWN_MANY)]
        return self._later_tildes(node, self._tilde(unescape(text)))

    def _later_tildes(self, node: Node, pieces: list[Piece]) -> list[Piece]:
        """In an assignment, and in a word that looks like one, a tilde counts after `=` and `:` too."""
        if not any(kind is Kind.LITERAL and _LATER_TILDE.search(text) for text, kind in pieces):
            return pieces
        parent = node.parent
        if parent is not None and parent.type == "concatenation":
            node, parent = parent, parent.parent
        if not (parent is not None and parent.type == "variable_assignment") and not _ASSIGNS.match(
            self.text(node)
        ):
            return pieces
        found: list[Piece] = []
        for text, kind in pieces:
            parts = _LATER_TILDE.split(text) if kind is Kind.LITERAL else [text]
            for index, part in enumerate(parts):
                found += [("", Kind.UNKNOWN), (part, kind)] if index else [(part, kind)]
        return found

    def _opaque(self, node: Node) -> list[Piece]:
        text = self.text(node)
        live = any(mark in text for mark in ("`", "<(", ">(", "{", "}"))
        if live or "$" in text.replace("\\$", "").rstrip("$)"):
            self.doubt(f"the pattern {text[:60]} is not understood")
        for child in node.named_children:
            self.pieces(child)
        return [("", Kind.UNKNOWN_MANY)]

    def _tilde(self, pieces: list[Piece]) -> list[Piece]:
        text, kind = pieces[0] if pieces else ("", Kind.QUOTED)
        if kind is not Kind.LITERAL or not text.startswith("~"):
            return pieces
        name, slash, rest = text[1:].partition("/")
        if name or (len(pieces) > 1 and not slash):
            return [("", Kind.UNKNOWN), (slash + rest, Kind.LITERAL), *pieces[1:]]
        return [(self._home(), Kind.QUOTED), (slash + rest, Kind.LITERAL), *pieces[1:]]

    def _home(self) -> str:
        home = self.state.variables.get("HOME")
        if home is None and not self.state.on:
            return self.engine.around.home
        return home.text if home is not None and home.exact else "/unknown-home"

    def _concatenation(self, node: Node) -> list[Piece]:
        pieces: list[Piece] = []
        end = node.start_byte
        for index, child in enumerate(node.children):
            gap = self.source[end : child.start_byte].replace(b"\\\n", b"")
            if gap:
                self.doubt("parts of a word stand apart")
            end = child.end_byte
            found = self.pieces(child)
            if index and child.type == "word" and self.text(child).startswith("~"):
                found = self._later_tildes(child, unescape(self.text(child)))
            pieces += found
        return pieces

    def _string(self, node: Node) -> list[Piece]:
        pieces: list[Piece] = []
        at = node.start_byte + 1
        end = node.end_byte - 1
        for child in node.children:
            if child.type in ('"', "string_content"):
                continue
            start = child.start_byte
            # Blanks before an expansion count as part of its first token.
            raw = self.text(child)
            start += len(raw) - len(raw.lstrip(" \t\n"))
            pieces += self._quoted_text(at, start)
            pieces += self._quoted_part(child)
            at = child.end_byte
        pieces += self._quoted_text(at, end)
        return pieces or [("", Kind.QUOTED)]

    def _quoted_text(self, start: int, end: int, *, heredoc: bool = False) -> list[Piece]:
        if end <= start:
            return []
        value = double_quoted(self.source[start:end].decode("utf-8", "replace"), heredoc=heredoc)
        if value is None:
            self.doubt("a quoted text is not understood")
            return [("", Kind.UNKNOWN)]
        return [(value, Kind.QUOTED)]

    def _quoted_part(self, child: Node) -> list[Piece]:
        if child.type in ("simple_expansion", "expansion"):
            return self._variable(child, quoted=True)
        if child.type == "command_substitution":
            self.substitution(child)
            return [("", self._printed(child, Kind.UNKNOWN))]
        if child.type == "arithmetic_expansion":
            self.arithmetic(child)
            return [("", Kind.UNKNOWN)]
        if child.type == "$":
            return [("$", Kind.QUOTED)]
        self.doubt(f"a part of a quoted text is not understood: {self.text(child)[:60]}")
        return [("", Kind.UNKNOWN)]

    def _printed(self, node: Node, unknown: Kind) -> Kind:
        """What the output of a command becomes."""
        return self._bounded(unknown) if self._prints_object_id(node) else unknown

    def _prints_object_id(self, node: Node) -> bool:
        if node.type == "string" and node.named_child_count == 1 and node.child_count == 3:
            node = node.children[1]
        command = command_of(node) if node.type == "command_substitution" else None
        words = [self.text(child) for child in command.named_children] if command is not None else []
        return "git" not in self.state.functions and is_object_id(words)

    def heredoc(self, node: Node, quoted: bool) -> Word:
        """The text of a here-document."""
        if quoted:
            return Word(self.text(node))
        if "\\\n" in self.text(node):
            self.doubt("a backslash at the end of a line may hide where the here-document ends")
        pieces: list[Piece] = []
        at = node.start_byte
        for child in node.children:
            if child.type == "heredoc_content":
                continue
            raw = self.text(child)
            start = child.start_byte + len(raw) - len(raw.lstrip(" \t\n"))
            pieces += self._quoted_text(at, start, heredoc=True)
            pieces += self._quoted_part(child)
            at = child.end_byte
        pieces += self._quoted_text(at, node.end_byte, heredoc=True)
        return assemble(pieces, split=False)[0] if pieces else Word("")

    # -- expansions

    def substitution(self, node: Node) -> None:
        """Judge the commands in `$(…)`, backticks or `<(…)`, in a subshell."""
        raw = self.text(node).lstrip()
        if raw.startswith("`") and ("\\" in raw or raw.count("`") > 2):
            self.doubt("backticks with backslashes or other backticks inside")
        state = self.state
        self.state = state.fork()
        if raw.startswith(">("):
            self.state.stdin = UNKNOWN  # what is written into it
        for child in node.children:
            if child.type in ("file_redirect", "herestring_redirect"):
                self._redirect(child)
        inner = [
            child
            for child in node.named_children
            if child.type not in ("file_redirect", "herestring_redirect")
        ]
        for child in inner:
            if child.type != "comment":
                self.statement(child)
        self._jobs(node)
        self.state = state
        state.read_from()

    def _variable(self, node: Node, *, quoted: bool) -> list[Piece]:
        named = node.named_children
        kinds = [child.type for child in node.children if child.type not in ("$", "${", "}")]
        unknown = Kind.UNKNOWN if quoted else Kind.UNKNOWN_MANY
        if is_error(node, kinds):
            self.doubt("the substitution is an error")
        if kinds == ["variable_name"]:
            return self._value(self.text(named[0]), quoted)
        if kinds == ["special_variable_name"]:
            name = self.text(named[0])
            if name in ("@", "*"):
                return [("", Kind.UNKNOWN_MANY)]
            # `$!` is nothing where no job runs.
            return [("", self._of_number(quoted) if name in "?$#" else unknown)]
        if (
            kinds
            and kinds[0] == "variable_name"
            and len(node.children) > 3
            and self.text(node.children[2]) in (":-", "-")
        ):
            value = self.state.variables.get(self.text(named[0]))
            if value is not None and value.exact and value.text:
                for child in named[1:]:
                    self._part(child)
                return self._value(self.text(named[0]), quoted)
        return self._complex(node, unknown)

    def _complex(self, node: Node, unknown: Kind) -> list[Piece]:
        """`${…}` with an operator or a subscript: the value is not known; is what it evaluates harmless?"""
        operators = [
            self.text(child)
            for child in node.children
            if child.type not in ("${", "}") and not child.is_named
        ]
        if unknown is Kind.UNKNOWN and quotes_nothing(node):
            self.doubt("what stands in quotes inside of quotes is not understood")
        first = node.children[1] if node.child_count > 1 else node
        many = any(self.text(child).endswith(("[@]", "[*]")) for child in node.named_children)
        variable = next(
            (child for child in node.named_children if child.type in ("variable_name", "subscript")), None
        )
        if first.type == "#" or self.text(first) == "#":
            unknown = self._of_number(unknown is Kind.UNKNOWN)
        indirect = first.type == "!" or self.text(first) == "!"
        if indirect and (
            len(operators) > 1 if many else variable is not None and variable.type == "subscript"
        ):
            self.doubt("an indirect expansion may evaluate anything")
        if indirect and not many:
            self.engine.abandoned.append(self.state.fork())
            name = self.text(variable) if variable is not None else ""
            target = UNKNOWN if name.isdigit() else variables.held(self.state, name)
            if target is not None and not (target.exact and target.text.isidentifier()):
                self.doubt("an indirect expansion may evaluate anything")
        if "@" in operators and operators[-1:] not in (
            ["Q"],
            ["U"],
            ["u"],
            ["L"],
            ["E"],
            ["A"],
            ["a"],
            ["K"],
            ["k"],
        ):
            self.doubt("this expansion may run commands hidden in a variable")
        if any(operator in ("=", ":=") for operator in operators) and variable is not None:
            base = variable.child_by_field_name("name") if variable.type == "subscript" else variable
            name = self.text(base or variable)
            if variable.type == "subscript":
                self.state.arrays |= {name}
            self.set_variable(name, UNKNOWN)
        substring = ":" in operators
        if substring:
            self.engine.abandoned.append(self.state.fork())  # if it begins or ends nowhere, that is an error
        for child in node.named_children:
            if child is variable and child.type == "variable_name":
                continue
            if substring or child.type == "subscript":
                self.arithmetic(child, element=child is not variable)
            else:
                self._part(child)
        return [("", Kind.UNKNOWN_MANY if many else unknown)]

    def _part(self, node: Node) -> None:
        """Judge what runs inside a part of an expansion whose value does not matter."""
        if node.type in ("regex", "extglob_pattern"):
            self._opaque(node)
        else:
            self.joined(node)

    def _value(self, name: str, quoted: bool) -> list[Piece]:
        kind = Kind.QUOTED if quoted else Kind.EXPANDED
        unknown = Kind.UNKNOWN if quoted else Kind.UNKNOWN_MANY
        if name.isdigit():
            params = self.state.params
            if params is None or name == "0":
                return [("", unknown)]
            if int(name) > len(params):
                return [("", kind)]
            value = params[int(name) - 1]
        elif name in variables.SET_BY_BASH or name.startswith("BASH"):
            if name == "PWD" and name not in self.state.variables and len(self.state.cwds) == 1:
                return [(self.state.cwds[0], kind)]
            return [("", unknown)]
        elif name in self.state.variables:
            value = self.state.variables[name]
        elif name == "HOME" and not self.state.on:
            value = Word(self.engine.around.home)
        else:
            return [("", unknown)]
        if value.exact:
            return [(value.text, kind)]
        if value == NUMBER:
            return [("", self._of_number(quoted))]
        if (value == COUNT and not quoted) or value == OBJECT_ID:
            return [("", self._bounded(unknown))]
        return [(value.prefix, kind), ("", unknown)] if value.prefix else [("", unknown)]

    def _of_number(self, quoted: bool) -> Kind:
        """What a number becomes: one word, unless its digits separate words."""
        return Kind.UNKNOWN if quoted or self.state.ifs_known else Kind.UNKNOWN_MANY

    def _bounded(self, unknown: Kind) -> Kind:
        """What a number, an id or nothing becomes."""
        return Kind.BOUNDED if unknown is Kind.UNKNOWN or self.state.ifs_known else unknown

    def set_variable(self, name: str, value: Word) -> None:
        """Assign a shell variable; some change what programs do."""
        variables.set_variable(self.engine, self.state, name, value)

    def assignment(self, node: Node, *, adds: bool = True) -> list[tuple[str, Word]]:
        """The variables that a `variable_assignment` sets.

        Args:
            adds: of `+=` the whole is returned, and not what is added.
        """
        name = node.child_by_field_name("name")
        value = node.child_by_field_name("value")
        if name is None:
            self.doubt("an assignment is not understood")
            return []
        if name.type == "subscript":
            self.arithmetic(name, element=False)
            self.engine.abandoned.append(self.state.fork())
            inner = name.child_by_field_name("name")
            if value is not None:
                self.joined(value)
            if inner is None:
                return []
            self.state.arrays |= {self.text(inner)}
            return [(self.text(inner), UNKNOWN)]
        if not (self.text(name).isidentifier() and self.text(name).isascii()):
            self.doubt(f"{self.text(name)[:40]} is no name: it is a command")
            return []
        word = self.joined(value) if value is not None else Word("")
        appends = adds and appends_to(node)
        if value is not None and value.type == "array":
            self.state.arrays |= {self.text(name)}
            return [(self.text(name), UNKNOWN)]
        if value is not None and value.type == "arithmetic_expansion":
            word = NUMBER
        elif value is not None and value.type == "command_substitution" and self.prints_number(value):
            word = COUNT
        elif value is not None and self._prints_object_id(value):
            word = OBJECT_ID
        if appends and self.text(name) in self.state.integers:
            return [(self.text(name), word)]
        if appends:
            old = self.state.variables.get(self.text(name))
            word = Word(old.text + word.text) if old is not None and old.exact and word.exact else UNKNOWN
        return [(self.text(name), word)]
