"""The syntax tree of a shell text, and whether it can be trusted to be what bash will run."""

from __future__ import annotations

import re
import time
from functools import lru_cache

import tree_sitter
import tree_sitter_bash
from tree_sitter import Language, Node, Parser

from supervisor.effects.vocabulary import names

_PARSER = Parser(Language(tree_sitter_bash.language()))
SHORT = 3000
"""Texts of fewer bytes cannot take long to parse."""
MOST_PARSE_S = 0.25
"""Processor time after which a text is given up, in seconds."""
_LOST_DASH = re.compile(rb"(?<=[ \t])-(?=[ \t]+<<[^<])")
"""A word that the grammar loses: the `-` of `python3 - <<EOF`. In quotes it is the same word, and kept."""
_OTHER_DOLLAR = re.compile(rb"\$(\$[({\[`'\"]|\\\n)")
"""`$$(` in quotes, where bash starts a command substitution; `$` parted from what it expands."""
_MAKES_QUOTES = re.compile(rb"\{(?:[A-Z]\.\.[a-z]|[a-z]\.\.[A-Z])")
"""Between the cases lie a backslash and a backquote: `{Z..a}'x'` makes `\\'x'` of it."""
_ANSI_C = re.compile(rb"\$'(?:[^'\\]|\\.)*'", re.DOTALL)
_ONE_LINE = names(
    """command declaration_command unset_command variable_assignment variable_assignments concatenation
    file_redirect herestring_redirect"""
)
"""Nodes whose parts stand on one line: bash ends them where the line ends."""
_GLUED = names("concatenation simple_expansion subscript variable_assignment brace_expression command_name")
"""Nodes whose parts touch, as words' do; the grammar passes blanks by in places."""
_AFTER = frozenset((b"", b" ", b"\t", b"\n", b";", b"&", b"|", b"<", b">", b"(", b")"))
"""What ends a word."""
_RESERVED = names(
    """{ ! [ [[ if then elif else fi for while until do done case esac in select function
    export declare typeset local readonly unset unsetenv"""
)
"""Tokens that are words to bash: what follows without a blank belongs to the word."""
_OTHER_USES = names("expansion subscript array brace_expression unary_expression")
_SUSPECT = _RESERVED | {"ansi_c_string", "regex", "test_command", "special_variable_name", "heredoc_end"}
_CONTROL = frozenset(range(32)) - {9, 10} | {127}
_BASH_ALONE = names(
    """[[ (( $[ &> &>> |& += function ansi_c_string brace_expression process_substitution herestring_redirect
    array subscript extglob_pattern"""
)
"""Nodes and tokens that mean something else, or nothing, to other shells: `[[ a || rm ]]` runs `rm`."""
_BRACES = re.compile(rb"\{[^}]*(,|\.\.)")
_QUOTES = frozenset(("string", "heredoc_body", "ansi_c_string", "raw_string"))
"""Nodes whose text is taken from the source as it stands."""


class Tree:
    """A parsed text.

    Attributes:
        source: the text as UTF-8.
        root: the `program` node.
        doubt: why the tree may not be what bash sees; empty if there is no reason.
    """

    def __init__(self, text: str) -> None:
        self._read(text.encode("utf-8", "surrogatepass"))
        if self.doubt and _LOST_DASH.search(self.source):
            self._read(_LOST_DASH.sub(b'"-"', self.source))

    def _read(self, source: bytes) -> None:
        self.source = source
        odd = any(byte in _CONTROL for byte in self.source)
        tree = _parse(b"" if odd else self.source)
        self._tree = tree if tree is not None else _PARSER.parse(b"")
        self.root: Node = self._tree.root_node
        if odd:
            self.doubt = "it holds control characters"
        else:
            self.doubt = self._doubt() if tree is not None else "it takes too long to parse"

    def _doubt(self) -> str:
        if self.root.has_error:
            return "it cannot be parsed"
        source = self.source
        if _OTHER_DOLLAR.search(source):
            return "a dollar sign is not understood"
        if _MAKES_QUOTES.search(source):
            return "a sequence in braces makes quotes"
        at = 0
        cursor = self.root.walk()
        parents: list[str] = []
        first = True
        # Every byte must belong to a token, be blank, or be text of a quote: nothing may slip through.
        while True:
            node = cursor.node
            assert node is not None
            if parents and parents[-1] in _QUOTES:
                at = max(at, node.start_byte)
            if node.type in _SUSPECT and (odd := _odd(node, source, parents[-1] if parents else "")):
                return odd
            if not first and parents[-1] in _GLUED and at < node.start_byte:
                return "parts of a word stand apart"
            if not first and parents[-1] in _ONE_LINE and _ends_line(source[at : node.start_byte]):
                return "a statement goes on where its line ends"
            leaf = node.child_count == 0
            if leaf or node.type in _QUOTES:
                gap = source[at : node.start_byte]
                if gap and not _blank(gap):
                    return "it holds text that is not understood"
                if at and gap and not gap.replace(b"\\\n", b""):
                    return "a line continuation joins what stands before and after it"
                at = max(at, node.end_byte if leaf else node.start_byte)
            first = cursor.goto_first_child()
            if first:
                parents.append(node.type)
                continue
            while not cursor.goto_next_sibling():
                if not cursor.goto_parent():
                    return "" if _blank(source[at:]) else "it holds text that is not understood"
                if parents.pop() in _QUOTES and cursor.node is not None:
                    at = max(at, cursor.node.end_byte)


def bash_alone(root: Node) -> str:
    """What in the text is read by bash alone as the tree says; empty if other shells agree."""
    pending = [root]
    while pending:
        node = pending.pop()
        if node.type in _BASH_ALONE or (
            node.type in ("word", "concatenation") and _BRACES.search(node.text or b"")
        ):
            return (node.text or b"").decode("utf-8", "replace")[:60]
        pending += node.children
    return ""


def _parse(source: bytes) -> tree_sitter.Tree | None:
    """The syntax tree, or None if it takes longer than `MOST_PARSE_S` (some texts cost quadratic time)."""
    if len(source) < SHORT:
        return _PARSER.parse(source)
    end = time.thread_time() + MOST_PARSE_S
    try:
        # The parser never frees what it reads this way; single bytes are objects that exist once in any case.
        return _PARSER.parse(
            lambda at, _: source[at : at + 1], progress_callback=lambda *_: time.thread_time() > end
        )
    except ValueError:
        _PARSER.reset()
        return None


def _odd(node: Node, source: bytes, parent: str) -> str:
    """Why bash may see this node otherwise; empty if there is no reason."""
    kind = node.type
    if kind in _RESERVED:
        if parent not in _OTHER_USES and source[node.end_byte : node.end_byte + 1] not in _AFTER:
            return f"{kind} is a part of a word here"
        if kind == "!" and source[node.end_byte :].lstrip(b" \t\\")[:1] in (b"\n", b";", b"&", b"|", b""):
            return "nothing follows the ! on its line"
    elif kind == "special_variable_name":
        if node.end_byte - node.start_byte != 1:  # the grammar passes blanks by: `"$ $(x)"`
            return "a dollar sign is not understood"
    elif kind == "heredoc_end":
        if source[node.end_byte : node.end_byte + 1] not in (b"\n", b""):
            return "where a here-document ends is not understood"
    elif kind == "ansi_c_string":
        if not _ANSI_C.fullmatch(source, node.start_byte, node.end_byte):
            return "where a quote ends is not understood"
    elif kind == "regex":
        if parent == "command":
            return "a pattern stands where words belong"
    elif (
        kind == "test_command"
        and not source.startswith(b"[[", node.start_byte)
        and _ends_line(source[node.start_byte : node.end_byte])
    ):
        return "a test goes on where its line ends"
    return ""


def _ends_line(text: bytes) -> bool:
    return b"\n" in text and b"\n" in text.replace(b"\\\n", b"")


def _blank(gap: bytes) -> bool:
    return not gap.replace(b"\\\n", b"").strip(b" \t\n")


def parse(text: str) -> Tree:
    """The syntax tree of `text`; trees of recent short texts are kept."""
    return _kept(text) if len(text) < SHORT else Tree(text)


@lru_cache(maxsize=64)
def _kept(text: str) -> Tree:
    return Tree(text)
