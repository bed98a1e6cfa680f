"""Whether a piece of Python is proven to do no more than read: an allow-list over its syntax tree."""

from __future__ import annotations

import ast
import builtins
import re
import sys
import warnings

import msgspec

from supervisor.effects.vocabulary import names

_BUILTINS = names(
    """
    print len range sorted sum min max str int float list dict set tuple frozenset enumerate zip map
    filter any all abs round repr bool bytes bytearray ord chr hex bin oct reversed format divmod
    pow iter next slice isinstance complex hash ascii True False None Exception ValueError KeyError
    TypeError IndexError StopIteration SystemExit OSError FileNotFoundError ImportError RuntimeError
    AttributeError ZeroDivisionError UnicodeDecodeError __name__ exit quit
    """
)
_MAY_HIDE = names("id type dir hash object property input memoryview")
"""Built-ins whose names code likes for its own variables, and which do no harm if it is not one there."""
_METHODS = names(
    """
    split rsplit splitlines strip lstrip rstrip join replace startswith endswith lower upper title
    capitalize casefold swapcase find rfind index rindex count encode decode format isdigit isalpha
    isalnum isspace isupper islower isnumeric zfill center ljust rjust partition rpartition
    removeprefix removesuffix expandtabs translate items keys values get setdefault append extend
    insert pop popitem sort reverse copy add discard union intersection difference issubset
    issuperset symmetric_difference most_common elements group groups groupdict start end span
    hexdigest digest isoformat strftime timestamp total_seconds date time year month day hour minute
    second weekday isocalendar bit_length to_bytes hex read readline readlines fromkeys subtract
    read_text read_bytes exists is_file is_dir is_symlink iterdir rglob glob name stem suffix suffixes parent
    parents parts as_posix relative_to with_suffix with_name joinpath stat st_size st_mtime fieldnames
    real imag numerator denominator days seconds microseconds is_integer netloc path query scheme
    hostname port fragment params tzinfo major minor micro releaselevel serial
    """
)
_MODULES: dict[str, frozenset[str] | None] = {
    # None: everything public in it is harmless.
    "math": None,
    "cmath": None,
    "json": names("loads dumps load JSONDecodeError"),
    "re": None,
    "string": None,
    "textwrap": None,
    "itertools": None,
    "functools": names("reduce lru_cache cmp_to_key"),
    "collections": None,
    "statistics": None,
    "decimal": None,
    "fractions": None,
    "random": names("random randint choice shuffle sample uniform seed randrange"),
    "secrets": names("token_hex token_urlsafe token_bytes randbelow choice"),
    "datetime": None,
    "time": names("time sleep strftime gmtime localtime monotonic perf_counter ctime"),
    "calendar": None,
    "hashlib": names("md5 sha1 sha224 sha256 sha384 sha512 blake2b blake2s new"),
    "base64": names(
        """b64encode b64decode b32encode b32decode b16encode b16decode urlsafe_b64encode urlsafe_b64decode
        a85encode b85encode"""
    ),
    "binascii": None,
    "struct": names("pack unpack calcsize"),
    "uuid": names("uuid4 uuid5 UUID"),
    "html": names("escape unescape"),
    "unicodedata": None,
    "difflib": None,
    "bisect": None,
    "heapq": None,
    "pprint": names("pprint pformat"),
    "platform": names("python_version system machine platform release node processor"),
    "sys": names(
        """argv stdin stdout stderr exit version version_info platform executable maxsize byteorder prefix"""
    ),
    "os": names("path getcwd environ getenv sep linesep listdir cpu_count getpid name"),
    "urllib.parse": names(
        """quote unquote urlparse urlsplit urlencode parse_qs parse_qsl quote_plus unquote_plus urljoin"""
    ),
    "ast": names("literal_eval"),
    "csv": names("reader DictReader"),
    "glob": names("glob iglob escape"),
    "fnmatch": names("fnmatch fnmatchcase filter translate"),
    "pathlib": names("Path PurePath PurePosixPath"),
    "tomllib": names("load loads TOMLDecodeError"),
}
_PATHS = names(
    """
    join basename dirname exists isfile isdir abspath realpath splitext getsize getmtime expanduser
    normpath relpath islink
    """
)
_SAYS_ENCODING = re.compile(r"#.*?coding[:=](?!\s*utf-?8\b)", re.IGNORECASE)
"""In another encoding the text may be another: a file that is Python's input is read as it says."""
_PATH_WRITES = frozenset(("replace", "copy"))
"""Harmless methods of texts and lists that are none of paths."""
_NODES = (
    ast.Module, ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.For, ast.While, ast.If, ast.Break,
    ast.Continue, ast.Pass, ast.Return, ast.FunctionDef, ast.arguments, ast.arg, ast.Lambda, ast.Constant,
    ast.Name, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.Call, ast.keyword, ast.Attribute,
    ast.Subscript, ast.Slice, ast.List, ast.Tuple, ast.Dict, ast.Set, ast.ListComp, ast.SetComp,
    ast.DictComp, ast.GeneratorExp, ast.comprehension, ast.JoinedStr, ast.FormattedValue, ast.IfExp,
    ast.Starred, ast.NamedExpr, ast.Import, ast.ImportFrom, ast.alias, ast.With, ast.withitem, ast.Try,
    ast.ExceptHandler, ast.Raise, ast.Assert, ast.Delete, ast.expr_context, ast.operator, ast.unaryop,
    ast.boolop, ast.cmpop, ast.Yield, ast.Global,
)  # fmt: skip


class PythonUse(msgspec.Struct, frozen=True):
    """Modules it imports, files it reads (None: not known which); or why it is not proven harmless."""

    modules: tuple[str, ...] = ()
    reads: tuple[str | None, ...] = ()
    problem: str = ""


class _Problem(Exception):
    pass


def use_of(code: str) -> PythonUse:
    """What `code` uses."""
    if _SAYS_ENCODING.search("".join(code.splitlines(keepends=True)[:2])):
        return PythonUse(problem="the Python says in what encoding it is to be read")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return PythonUse(problem="the Python cannot be parsed")
    proof = _Proof()
    try:
        proof.check(tree)
    except _Problem as problem:
        return PythonUse(problem=str(problem))
    return PythonUse(tuple(dict.fromkeys(proof.modules)), tuple(proof.reads))


class _Proof:
    def __init__(self) -> None:
        self.modules: list[str] = []
        self.reads: list[str | None] = []
        self.aliases: dict[str, str] = {}
        self.names: set[str] = set()
        self.takes_environment = False

    def check(self, tree: ast.Module) -> None:
        for node in ast.walk(tree):
            if not isinstance(node, _NODES):
                raise _Problem(f"Python's {type(node).__name__} is not followed")
            if isinstance(node, ast.Import):
                for alias in node.names:
                    self._import(alias.name, alias.asname)
            elif isinstance(node, ast.ImportFrom):
                self._import_from(node)
            elif isinstance(node, ast.FunctionDef):
                if node.decorator_list:
                    raise _Problem("decorators are not followed")
                self.names.add(node.name)
            elif isinstance(node, ast.arg):
                self.names.add(node.arg)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
                self.names.add(node.id)
            elif isinstance(node, ast.ExceptHandler) and node.name:
                self.names.add(node.name)
        if self.names & (set(self.aliases) | {"open", "os", "sys"}):
            raise _Problem("a name of a module is used for something else")
        if hidden := self.names & (set(dir(builtins)) - _BUILTINS - _MAY_HIDE):
            raise _Problem(f"whether {min(hidden)} is the built-in depends")
        self._expression(tree)
        if self.takes_environment and "platform" in self.modules:
            raise _Problem("platform runs uname, which may not be the system's when the environment changes")

    def _import(self, name: str, alias: str | None) -> None:
        if name not in _MODULES and name not in ("os.path", "collections.abc"):
            raise _Problem(f"the module {name} may do anything")
        self.modules.append(name)
        given, meant = (alias, name) if alias else (name.partition(".")[0],) * 2
        if self.aliases.setdefault(given, meant) != meant:
            raise _Problem(f"{given} stands for several modules")

    def _import_from(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        allowed = _PATHS if module == "os.path" else _MODULES.get(module, frozenset())
        for alias in node.names:
            if node.level or alias.name.startswith("_") or alias.name == "*":
                raise _Problem("this import is not followed")
            if module in ("sys", "os") and alias.name in ("path", "stdin", "stdout", "stderr", "environ"):
                raise _Problem("this import is not followed")
            if alias.name in sys.stdlib_module_names and alias.name not in ("datetime", "time"):
                raise _Problem(f"{module}.{alias.name} is another module")
            if allowed is not None and alias.name not in allowed:
                raise _Problem(f"{module}.{alias.name} may do anything")
            self.names.add(alias.asname or alias.name)
        self.modules.append(module)

    def _expression(self, node: ast.AST) -> None:
        if isinstance(node, ast.Attribute):
            self._attribute(node)
            return
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open":
            self._open(node)
            return
        if isinstance(node, ast.Name):
            if node.id in self.aliases or (node.id not in self.names and node.id not in _BUILTINS):
                raise _Problem(f"the name {node.id} may be anything")
            return
        for child in ast.iter_child_nodes(node):
            self._expression(child)

    def _attribute(self, node: ast.Attribute) -> None:
        if not isinstance(node.ctx, ast.Load):
            raise _Problem("an attribute is set")
        if node.attr in _PATH_WRITES and "pathlib" in self.modules:
            raise _Problem(f".{node.attr} of a path moves or copies a file")
        dotted = _dotted(node)
        head = dotted.partition(".")[0]
        if head in self.aliases:
            self._module_attribute(self.aliases[head] + dotted[len(head) :])
            return
        if node.attr.startswith("_") or node.attr not in _METHODS | _CLASS_METHODS:
            raise _Problem(f"what .{node.attr} does is not known")
        self._expression(node.value)

    def _module_attribute(self, dotted: str) -> None:
        parts = dotted.split(".")
        if any(part.startswith("_") for part in parts):
            raise _Problem(f"{dotted} is not followed")
        if dotted.startswith("urllib.parse."):
            parts = ["urllib.parse", *parts[2:]]
        module, names = parts[0], parts[1:]
        allowed = _MODULES.get(module, frozenset())
        imported = (
            bool(names) and names[0] in sys.stdlib_module_names and names[0] not in ("datetime", "time")
        )
        if not names or (allowed is not None and names[0] not in allowed) or (allowed is None and imported):
            raise _Problem(f"{dotted} may do anything")
        rest = names[1:]
        self.takes_environment = self.takes_environment or names[0] == "environ"
        if module == "os" and names[0] == "path":
            if len(rest) != 1 or rest[0] not in _PATHS:
                raise _Problem(f"{dotted} may do anything")
            return
        if module == "sys" and names[0] in ("stdout", "stderr"):
            if rest and rest not in (["write"], ["flush"]):
                raise _Problem(f"{dotted} may do anything")
            return
        if module == "collections" and names[0] == "abc":
            raise _Problem(f"{dotted} is not followed")
        modules_inside = module in ("re", "json", "datetime", "string", "math") or not rest
        if rest and not (modules_inside or all(part in _METHODS for part in rest)):
            raise _Problem(f"{dotted} may do anything")
        if any(part not in _METHODS and part not in _CLASS_METHODS for part in rest):
            raise _Problem(f"{dotted} may do anything")

    def _open(self, node: ast.Call) -> None:
        mode: ast.expr | None = node.args[1] if len(node.args) > 1 else None
        for keyword in node.keywords:
            if keyword.arg == "mode":
                mode = keyword.value
            elif keyword.arg not in ("encoding", "errors", "newline"):
                raise _Problem("a file may be opened to write")
        if mode is not None and not (isinstance(mode, ast.Constant) and mode.value in ("r", "rb", "rt")):
            raise _Problem("a file may be opened to write")
        if not node.args or len(node.args) > 2 or isinstance(node.args[0], ast.Starred):
            raise _Problem("which file is opened is not known")
        path = node.args[0]
        if isinstance(path, ast.Constant) and isinstance(path.value, str):
            self.reads.append(path.value)
        else:
            self.reads.append(None)
            self._expression(path)


_CLASS_METHODS = names(
    """
    now utcnow today fromisoformat fromtimestamp utc max min chain from_iterable compile
    ascii_letters strptime combine cwd home
    """
)


def _dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        inner = _dotted(node.value)
        return f"{inner}.{node.attr}" if inner else ""
    return node.id if isinstance(node, ast.Name) else ""
