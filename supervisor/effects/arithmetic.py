"""Arithmetic and tests: what bash evaluates there may hide a command in a subscript."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from itertools import pairwise

from tree_sitter import Node

from supervisor.effects.expand import Expander
from supervisor.effects.variables import held, is_number
from supervisor.effects.words import NUMBER, UNKNOWN, Kind, Word

_DIGITS = re.compile(r"-?[0-9]+")
_DECIMAL = re.compile(r"0|-?[1-9][0-9]{0,17}")
"""Numbers that are no error in any base."""
_ARITHMETIC_TESTS = frozenset(("-eq", "-ne", "-lt", "-le", "-gt", "-ge"))
_NAMES = ("-v", "-R")
_WORDS_OF_TESTS = frozenset(("[", "]", "!", "=", "==", "!=", "=~"))
"""What the grammar takes for operators and `[` for words. Others end it (`||`), redirect or are patterns."""
_DOUBTFUL = re.compile(r"(?!\[0-9A-Za-z\]\*)[\[\\].*", re.DOTALL)
"""From a bracket or a backslash on; `[0-9A-Za-z]*` stands for a number or an id (see `words`)."""
_EXPRESSIONS = frozenset(
    ("binary_expression", "unary_expression", "postfix_expression", "ternary_expression")
) | {"parenthesized_expression"}


def reads_a_subscript(operands: list[Word]) -> bool:
    """Whether `test` with these words may evaluate the subscript of a name: what follows `-v` or `-R`.

    A word that splits may bring both along.
    """
    if any(word.many and (not word.glob or _may_be(_NAMES, word)) for word in operands):
        return True
    return any(
        _may_be(_NAMES, operator) and not (name.exact and "[" not in name.text)
        for operator, name in pairwise(operands)
    )


def _may_be(texts: tuple[str, ...], word: Word) -> bool:
    """Whether `word` may turn out to be one of the `texts`."""
    if word.exact:
        return word.text in texts
    if word.glob:
        # What a bracket matches is the shell's matter (`[^a]`, `[[:alpha:]]`, `[']']`), and so is what a
        # backslash of a value quotes, and the case of letters.
        glob = _DOUBTFUL.sub("*", word.text)
        return any(fnmatchcase(text.lower(), glob.lower()) for text in texts)
    return any(text.startswith(word.prefix) for text in texts)


class Arithmetic(Expander):
    """Judges arithmetic expressions, `[ … ]` and `[[ … ]]`."""

    def arithmetic(self, node: Node, *, element: bool = True) -> None:
        """Judge an arithmetic expression: a variable in it is evaluated, and may hide a command.

        Args:
            element: an element of an array is evaluated as well, and not only its subscript.
        """
        self.engine.step()
        kind = node.type
        if kind == "number" and not node.child_count:
            if not _DECIMAL.fullmatch(self.text(node)):
                self._may_fail()
            return
        if kind in ("variable_name", "word"):
            self._evaluated(self.text(node))
        elif kind == "command_substitution":
            self.substitution(node)
            if not self.prints_number(node):
                self.doubt("the output of a command is evaluated")
        elif kind in ("simple_expansion", "expansion"):
            pieces = self._variable(node, quoted=True)
            name = self.text(node).lstrip().strip("${}")
            if any(piece[1] is Kind.UNKNOWN_MANY for piece in pieces):
                self.doubt("a value that is not known is evaluated")
            elif name.replace("_", "").isalnum() and not name.isdigit():
                self._evaluated(name)
            elif name not in ("#", "?", "$", "!") and not name.startswith("#"):
                self.doubt("a value that is not known is evaluated")
        elif kind == "variable_assignment":
            for child in node.named_children[1:]:
                self.arithmetic(child)
            name_node = node.child_by_field_name("name")
            if name_node is not None:
                if name_node.type == "subscript":
                    self.arithmetic(name_node, element=False)
                else:
                    self.set_variable(self.text(name_node), NUMBER)
        elif kind == "string":
            word = self.joined(node)
            if not (word.exact and _DIGITS.fullmatch(word.text)):
                self.doubt("a text is evaluated")
        elif kind in _EXPRESSIONS or kind in ("arithmetic_expansion", "compound_statement", "subscript"):
            for child in node.named_children:
                if child.type == "word" and self.text(child) in ("@", "*"):
                    continue
                if kind == "subscript" and child == node.named_children[0]:
                    if element:
                        self._evaluated(self.text(child))
                    continue
                self.arithmetic(child)
            self._changed_by(node)
        elif kind not in ("comment", "test_operator"):
            self.doubt("an arithmetic expression is not understood")
            self.pieces(node)

    def _may_fail(self) -> None:
        """An error makes the shell give up the rest of the line."""
        self.engine.abandoned.append(self.state.fork())

    def _changed_by(self, node: Node) -> None:
        operators = {self.text(child) for child in node.children if not child.is_named}
        if operators & {"/", "%", "**", "/=", "%=", "**="} or node.type == "subscript":
            self._may_fail()
        changes = {"++", "--", "=", "+=", "-=", "*=", "/=", "%=", "<<=", ">>=", "&=", "|=", "^="}
        if operators & changes:
            for child in node.named_children:
                if child.type in ("variable_name", "word") and self.text(child).isidentifier():
                    self.set_variable(self.text(child), NUMBER)
                else:
                    self._may_fail()

    def _evaluated(self, name: str) -> None:
        if _DIGITS.fullmatch(name) or name in ("@", "*"):
            return
        if not name.isidentifier() or not name.isascii():
            self.doubt(f"the arithmetic of {name[:40]} is not understood")
        else:
            value = held(self.state, name)
            if not is_number(value):
                self.doubt(f"the value of {name} is evaluated and not known to be a number")
            if value is not None and value != NUMBER and not _DECIMAL.fullmatch(value.text):
                self._may_fail()

    def prints_number(self, node: Node) -> bool:
        """Whether a command substitution can print nothing but a number."""
        inner = [child for child in node.named_children if child.type != "comment"]
        if len(inner) != 1:
            return False
        last = inner[0]
        if last.type == "pipeline":
            last = last.named_children[-1]
        if last.type == "redirected_statement":
            last = last.child_by_field_name("body") or last
        if last.type != "command":
            return False
        words = [self.text(child) for child in last.named_children]
        if not words or words[0] in self.state.functions:
            return False
        return (
            (words[0] == "wc" and len(words) == 2 and words[1] in ("-l", "-c", "-w", "-m"))
            or words == ["nproc"]
            or words in (["id", "-u"], ["id", "-g"])
            or (
                words[0] == "date"
                and len(words) == 2
                and words[1].strip("\"'") in ("+%s", "+%Y", "+%N", "+%s%N")
            )
        )

    def test(self, node: Node) -> None:
        """Judge `[ … ]` or `[[ … ]]`."""
        if node.children and node.children[0].type == "[[":
            self._test_part(node, evaluates=False)
            return
        operands = self._operands(node)
        if reads_a_subscript(operands):
            self.doubt("a name that is not known is tested")

    def _operands(self, node: Node) -> list[Word]:
        """The words of `[ … ]`, in order, operators among them."""
        self.engine.step()
        operands: list[Word] = []
        for child in node.children:
            if child.type in _EXPRESSIONS:
                operands += self._operands(child)
            elif child.type == "test_operator" or not child.is_named:
                if not child.is_named and child.type not in _WORDS_OF_TESTS:
                    self.doubt(f"`{child.type}` inside [ ] is no word of a test")
                operands.append(Word(self.text(child)))
            elif child.type != "comment":
                operands += self.words(child)
        return operands

    def _test_part(self, node: Node, *, evaluates: bool) -> None:
        """Judge a part of `[[ … ]]`; with `evaluates` it is an operand of an arithmetic comparison."""
        self.engine.step()
        operators = [
            self.text(child) for child in node.children if child.type == "test_operator" or not child.is_named
        ]
        evaluates = evaluates or any(operator in _ARITHMETIC_TESTS for operator in operators)
        for child in node.named_children:
            if child.type in _EXPRESSIONS:
                self._test_part(child, evaluates=evaluates)
            elif child.type in ("test_operator", "comment"):
                continue
            elif evaluates:
                self._test_number(child)
            else:
                word = self._test_word(child)
                if any(operator in ("-v", "-R") for operator in operators) and not (
                    word.exact and "[" not in word.text
                ):
                    self.doubt("a name that is not known is tested")

    def _test_word(self, node: Node) -> Word:
        if node.type in ("regex", "extglob_pattern"):
            self._opaque(node)
            return UNKNOWN
        return self.joined(node)

    def _test_number(self, node: Node) -> None:
        if node.type == "string" and node.named_child_count == 1 and node.child_count == 3:
            node = node.children[1]
            if node.type == "string_content":
                if not _DIGITS.fullmatch(self.text(node)):
                    self.doubt("a text is evaluated")
                return
        self.arithmetic(node)
