"""Redirections: what a command reads from and writes to, and what then stands on its standard input."""

from __future__ import annotations

import re
from abc import abstractmethod

from tree_sitter import Node

from supervisor.effects.arithmetic import Arithmetic
from supervisor.effects.model import EffectKind
from supervisor.effects.targets import file_targets, may_connect
from supervisor.effects.words import UNKNOWN, Word

_DESCRIPTOR = re.compile(r"[0-9]+-?|-")
_TAKES_NUMBER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(\[.*)?\}", re.DOTALL)
"""A word right before a redirection that names the variable which takes the number of the file."""
_DELIMITER = re.compile(r"\\?[A-Za-z0-9_.-]+|'[A-Za-z0-9_. -]+'|\"[A-Za-z0-9_. -]+\"")


class Redirects(Arithmetic):
    """Judges redirections."""

    def _not_understood(self, node: Node, why: str) -> None:
        self.engine.unknown("syntax", "shell.syntax", why, self.state.on)

    @abstractmethod
    def _follower(self, node: Node, output: Word | None) -> None: ...

    def _heredoc(self, node: Node, followers: list[Node]) -> list[Word]:
        self._take_number(node)
        extra: list[Word] = []
        quoted = False
        text: Word | None = None
        mark: Node | None = None
        overridden = False
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
                if mark is not None and self._ends_within(child, self.text(mark)):
                    self._not_understood(child, "where the here-document ends is not understood")
                text = self.heredoc(child, quoted)
            elif child.type == "file_redirect":
                given, self.state.stdin = self.state.stdin, None
                extra += self._redirect(child)
                overridden = overridden or self.state.stdin is not None
                self.state.stdin = self.state.stdin or given
            elif child.type == "heredoc_end":
                if mark is None or self.text(child).strip() != _unquoted(self.text(mark)):
                    self._not_understood(child, "the here-document has no end")
            elif child.type in ("<<", "<<-", "file_descriptor"):
                continue
            elif child.id in arguments:
                extra += self.words(child)
            elif child.is_named:
                followers.append(child)
        strip_tabs = any(child.type == "<<-" for child in node.children)
        if text is not None and strip_tabs and text.exact:
            text = Word("\n".join(line.lstrip("\t") for line in text.text.split("\n")))
        descriptor = next((child for child in node.children if child.type == "file_descriptor"), None)
        self._moves_output(node, "<<")
        if not overridden and (descriptor is None or self.text(descriptor) == "0"):
            self.state.stdin = text if text is not None else Word("")
        return extra

    def _ends_within(self, body: Node, mark: str) -> bool:
        """Whether a line of the text is the end mark: bash ends it there, whatever that line is a part of."""
        end = _unquoted(mark)
        return any(line.lstrip("\t") == end for line in self.text(body).split("\n"))

    def _take_number(self, redirect: Node) -> None:
        """`{name}<file` sets a variable, and evaluates its subscript."""
        before = redirect.prev_sibling
        while before is not None and before.child_count and not self.text(before).startswith("{"):
            before = before.children[-1]
        if before is None or before.end_byte != redirect.start_byte:
            return
        match = _TAKES_NUMBER.fullmatch(self.text(before))
        if match is None:
            return
        if match[2]:
            self._not_understood(redirect, "the number of a file goes to a subscript, which is evaluated")
        self.set_variable(match[1], UNKNOWN)

    def _redirect(self, node: Node) -> list[Word]:
        """Judge one redirection; the words after its target belong to the command."""
        self._take_number(node)
        if node.type == "herestring_redirect":
            self._moves_output(node, "<<<")
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
        self._moves_output(node, operator)
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

    def _moves_output(self, node: Node, operator: str) -> None:
        """Note an output that becomes something else than a new file, or than one of the outputs."""
        descriptor = next(
            (self.text(child) for child in node.children if child.type == "file_descriptor"), ""
        )
        if descriptor in ("1", "2") or (not descriptor and operator.startswith(">")):
            goal = node.child_by_field_name("destination")
            again = operator == ">&" and goal is not None and self.text(goal) in ("1", "2")
            self.engine.moves_outputs |= not again and operator.startswith(("<", ">&"))

    def _redirect_to(self, operator: str, found: list[Word]) -> None:
        word = found[0] if len(found) == 1 else UNKNOWN
        if operator in ("<", "<&", "<>"):
            self.state.stdin = UNKNOWN
        if word.exact and operator in (">&", "<&") and _DESCRIPTOR.fullmatch(word.text):
            return
        reads = operator in ("<", "<&")
        kind = EffectKind.READ if reads else EffectKind.WRITE
        if operator not in ("<", ">", ">>", "&>", "&>>", ">|", ">&", "<&", "<>"):
            self.engine.unknown("redirection", "shell.redirect", "the redirection is not understood")
            return
        for target in file_targets(word, self.state.cwds, self.engine.around, self.state.on):
            if target.uri.startswith(("tcp:", "udp:")):
                kind = EffectKind.WRITE
            elif reads and may_connect(word):
                kind = EffectKind.UNKNOWN
            why = "reads from this file" if reads else "redirects output to this file"
            self.engine.emit(kind, target, "shell.redirect", why, on=self.state.on)


def _unquoted(mark: str) -> str:
    """The end mark of a here-document without its quotes."""
    return mark.strip("'\"\\")
