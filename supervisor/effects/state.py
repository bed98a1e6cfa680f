"""What a shell knows at one point of a script, as far as it is proven."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from tree_sitter import Node

from supervisor.effects.words import COUNT, NUMBER, UNKNOWN, Word

_INTEGERS = frozenset(("BASHPID", "EUID", "HISTCMD", "OPTIND", "PPID", "RANDOM", "SRANDOM", "UID"))
_ARRAYS = frozenset(
    ("COMPREPLY", "COMP_WORDS", "COPROC", "DIRSTACK", "FUNCNAME", "GROUPS", "MAPFILE", "PIPESTATUS")
)


@dataclass(frozen=True)
class Function:
    """A shell function: its body and the source it stands in."""

    body: Node
    source: bytes


@dataclass
class State:
    """Variables, functions and folder of a shell at one point; forked for subshells, merged after branches.

    Attributes:
        variables: what was assigned here; a missing name comes from the environment and is not known.
        functions: functions defined here; None where it may be one of several, or none.
        aliases: names that were made aliases here.
        cwds: folders the shell may be in, absolute; empty when not known.
        exported: variables given to every program that are not known to be harmless.
        handed_on: variables set for programs here, harmless ones included: they may say where a target lies.
        params: positional parameters; None when not known.
        stdin: text on standard input, if known.
        on: URI prefix of the other system the commands run on (`ssh://host`), empty for this one.
        integers: variables with the integer attribute, bash's own among them.
        arrays: variables that may be arrays, bash's own among them.
        fixed: variables that do not take what is assigned to them (read-only, changed in case).
        locals: variables declared in the functions that run now.
        ifs_known: IFS has its default value.
        later: it runs when other code has set variables that are not named here.
        bash: the shell is bash; `sh` may be another.
    """

    cwds: tuple[str, ...]
    variables: dict[str, Word] = field(default_factory=dict)
    functions: dict[str, Function | None] = field(default_factory=dict)
    aliases: set[str] = field(default_factory=set)
    exported: set[str] = field(default_factory=set)
    handed_on: frozenset[str] = frozenset()
    params: tuple[Word, ...] | None = None
    stdin: Word | None = None
    on: str = ""
    integers: frozenset[str] = _INTEGERS
    arrays: frozenset[str] = _ARRAYS
    fixed: set[str] = field(default_factory=set)
    locals: set[str] = field(default_factory=set)
    ifs_known: bool = True
    later: bool = False
    bash: bool = True
    xtrace: bool = False

    def fork(self) -> State:
        """A copy that may change on its own."""
        return replace(
            self,
            variables=dict(self.variables),
            functions=dict(self.functions),
            aliases=set(self.aliases),
            exported=set(self.exported),
            fixed=set(self.fixed),
            locals=set(self.locals),
        )

    def assign(self, name: str, value: Word) -> None:
        """Set a variable."""
        self.variables[name] = UNKNOWN if name in self.fixed else value

    def assume(self, others: Iterable[State]) -> None:
        """Become what is true whichever of the `others` came to pass."""
        many = list(others)
        names = {name for state in many for name in state.variables}
        for name in names:
            values = {state.variables.get(name) for state in many}
            if len(values) == 1:
                self.variables[name] = next(iter(values)) or UNKNOWN
            else:
                self.variables[name] = (
                    UNKNOWN if not all(map(_is_number, values)) else COUNT if COUNT in values else NUMBER
                )
        for name in {name for state in many for name in state.functions}:
            bodies = {id(f.body) if (f := state.functions.get(name)) else None for state in many}
            self.functions[name] = many[0].functions.get(name) if len(bodies) == 1 else None
        self.aliases = set().union(*(state.aliases for state in many))
        self.exported = set().union(*(state.exported for state in many))
        self.handed_on = frozenset().union(*(state.handed_on for state in many))
        self.integers = frozenset().union(*(state.integers for state in many))
        self.arrays = frozenset().union(*(state.arrays for state in many))
        self.fixed = set().union(*(state.fixed for state in many))
        self.locals = set().union(*(state.locals for state in many))
        self.cwds = (
            tuple(dict.fromkeys(cwd for state in many for cwd in state.cwds))
            if all(state.cwds for state in many)
            else ()
        )
        if len(self.cwds) > 8:
            self.cwds = ()
        self.ifs_known = all(state.ifs_known for state in many)
        self.xtrace = any(state.xtrace for state in many)
        inputs = {state.stdin for state in many}
        self.stdin = inputs.pop() if len(inputs) == 1 else UNKNOWN
        params = {state.params for state in many}
        self.params = params.pop() if len(params) == 1 else None

    def read_from(self) -> None:
        """Something may have read a part of the standard input: what is left of it is not known."""
        if self.stdin is not None:
            self.stdin = UNKNOWN

    def become(self, other: State) -> None:
        """Take over everything the `other` knows."""
        self.__dict__.update(other.fork().__dict__)

    @property
    def environment(self) -> frozenset[str]:
        """Names of what a program started here may find changed in its environment."""
        return self.handed_on | {name for name in self.variables if name.isupper()}

    def same_as(self, other: State) -> bool:
        """Whether nothing that matters differs."""
        return (
            self.variables == other.variables
            and self.functions == other.functions
            and self.aliases == other.aliases
            and self.cwds == other.cwds
            and self.exported == other.exported
            and self.handed_on == other.handed_on
            and self.params == other.params
            and self.integers == other.integers
            and self.arrays == other.arrays
            and self.fixed == other.fixed
            and self.stdin == other.stdin
            and self.ifs_known == other.ifs_known
        )


def _is_number(word: Word | None) -> bool:
    return word is not None and (word in (NUMBER, COUNT) or (word.exact and word.text.isdigit()))
