"""What a sed script would do: a small parser that finds the commands that write files or run programs."""

from __future__ import annotations

import re

import msgspec

from supervisor.effects.brackets import may_be_open

_SIMPLE = frozenset("=dDgGhHxnNpPzF")
_NUMBERED = frozenset("lLqQ")
_ADDRESS_NUMBER = re.compile(r"\d+(~\d+)?|\$")
_RELATIVE = re.compile(r"[+~]\d+")


class SedUse(msgspec.Struct, frozen=True):
    """Files that a script writes or reads, commands it runs; `problem` if it cannot be followed.

    Attributes:
        runs: shell commands; None stands for one made of the input.
    """

    writes: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    runs: tuple[str | None, ...] = ()
    problem: str = ""


class _Problem(Exception):
    pass


def use_of(script: str) -> SedUse:
    """What `script` uses beyond its input and output."""
    parser = _Parser(script)
    try:
        parser.run()
    except (_Problem, IndexError) as problem:
        return SedUse(problem=str(problem) or "the sed script is not understood")
    return SedUse(tuple(parser.writes), tuple(parser.reads), tuple(parser.runs))


class _Parser:
    def __init__(self, script: str) -> None:
        self.text = script
        self.at = 0
        self.writes: list[str] = []
        self.reads: list[str] = []
        self.runs: list[str | None] = []

    def run(self) -> None:
        while True:
            self._skip(" \t\n;")
            if self.at >= len(self.text):
                return
            self._addresses()
            self._skip(" \t")
            while self._peek() == "!":
                self.at += 1
                self._skip(" \t")
            if self.at >= len(self.text):
                raise _Problem("a sed command is missing")
            self._command()

    def _peek(self) -> str:
        return self.text[self.at] if self.at < len(self.text) else ""

    def _skip(self, blanks: str) -> None:
        while self.at < len(self.text) and self.text[self.at] in blanks:
            self.at += 1

    def _addresses(self) -> None:
        if self._address():
            self._skip(" \t")
            if self._peek() == ",":
                self.at += 1
                self._skip(" \t")
                relative = _RELATIVE.match(self.text, self.at)
                if relative:
                    self.at = relative.end()
                elif not self._address():
                    raise _Problem("a sed address is not understood")

    def _address(self) -> bool:
        number = _ADDRESS_NUMBER.match(self.text, self.at)
        if number:
            self.at = number.end()
            return True
        if self._peek() == "/":
            self.at += 1
            self._delimited("/")
        elif self._peek() == "\\":
            delimiter = self.text[self.at + 1]
            self.at += 2
            self._delimited(delimiter)
        else:
            return False
        while self._peek() in ("I", "M"):
            self.at += 1
        return True

    def _delimited(self, delimiter: str) -> str:
        """Text up to the unescaped delimiter, which is passed."""
        if delimiter in "\n\\":
            raise _Problem("a sed delimiter is not understood")
        start = self.at
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == delimiter:
                found = self.text[start : self.at]
                if may_be_open(found):
                    # Whether a bracket hides the delimiter differs between seds.
                    raise _Problem("a delimiter stands in a bracket")
                self.at += 1
                return found
            self.at += 2 if char == "\\" else 1
        raise _Problem("a sed expression has no end")

    def _rest_of_line(self) -> str:
        end = self.text.find("\n", self.at)
        end = len(self.text) if end < 0 else end
        rest = self.text[self.at : end]
        self.at = end
        return rest.strip()

    def _end(self) -> None:
        self._skip(" \t")
        if self._peek() not in ("", "\n", ";", "}", "#"):
            raise _Problem("a sed command is not understood")

    def _command(self) -> None:
        command = self.text[self.at]
        self.at += 1
        if command in "{}":
            return
        if command == "#":
            self._rest_of_line()
        elif command in _SIMPLE:
            self._end()
        elif command in _NUMBERED:
            self._skip(" \t0123456789")
            self._end()
        elif command in ":btTv":
            self._label(command)
        elif command in "aic":
            self._text()
        elif command in "rR":
            self.reads.append(self._rest_of_line())
        elif command in "wW":
            self.writes.append(self._rest_of_line())
        elif command == "e":
            command = self._rest_of_line()
            self.runs.append(
                command if command and "\\" not in command else None
            )  # it may go on in the next line
        elif command == "y":
            delimiter = self.text[self.at]
            self.at += 1
            self._plain(delimiter)
            self._plain(delimiter)
            self._end()
        elif command == "s":
            self._substitute()
        else:
            raise _Problem(f"the sed command {command} is not known")

    def _label(self, command: str) -> None:
        # Some seds end a label at `;` or `}`, others at the line: what follows is looked at as commands.
        self._skip(" \t")
        while self._peek() not in ("", "\n", ";", "}", " ", "\t"):
            self.at += 1

    def _text(self) -> None:
        while True:
            end = self.text.find("\n", self.at)
            line = self.text[self.at : end if end >= 0 else len(self.text)]
            self.at = end + 1 if end >= 0 else len(self.text)
            if end >= 0 and line.endswith("\\\\"):
                raise _Problem("whether the text ends at a line that ends in two backslashes depends")
            if end < 0 or not line.endswith("\\"):
                return

    def _plain(self, delimiter: str) -> str:
        start = self.at
        while self.text[self.at] != delimiter:
            self.at += 2 if self.text[self.at] == "\\" else 1
        self.at += 1
        return self.text[start : self.at - 1]

    def _substitute(self) -> None:
        delimiter = self.text[self.at]
        self.at += 1
        self._delimited(delimiter)
        self._plain(delimiter)
        while True:
            flag = self._peek()
            if flag and flag in "gpiImM0123456789":
                self.at += 1
            elif flag == "e":
                self.at += 1
                self.runs.append(None)
            elif flag == "w":
                self.at += 1
                self.writes.append(self._rest_of_line())
                return
            else:
                self._end()
                return
