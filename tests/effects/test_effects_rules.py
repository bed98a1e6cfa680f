"""Rule packs: errors a person can act on, and what each part of the format means."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from shipped_rules import classifier

from supervisor.effects.classifier import Classifier
from supervisor.effects.explain import as_data, as_text, parts
from supervisor.effects.model import EffectKind, Judgement, Scope, Surroundings, ToolCall
from supervisor.effects.profiles import compile_packs, load
from supervisor.effects.rules import RuleBook
from supervisor.errors import ConfigError
from supervisor.places import shipped
from supervisor.runner.files import LocalFiles

HEAD = '[pack]\nname = "t"\nversion = 1\n\n'
AROUND = Surroundings(cwd="/w", workspace="/w", home="/h")


def book(text: str) -> RuleBook:
    """The rule book of one pack."""
    return compile_packs([("t.toml", HEAD + text)])


def judge(rules: str, command: str) -> Judgement:
    """What `command` does under `rules`."""
    return Classifier(book(rules)).judge(ToolCall("Bash", {"command": command}), AROUND)


def kind(rules: str, command: str) -> str:
    """The label of `command` under `rules`; a consuming read is called `consumes`."""
    judgement = judge(rules, command)
    return "consumes" if any(effect.consumes for effect in judgement.effects) else judgement.effect.value


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('[program.a]\neffect = "read"\nflgs = "-a"\n', 7, ("program.a.flgs", 'did you mean "flags"')),
        ('[program.a]\neffect = "reed"\n', 6, ("program.a.effect", "reed")),
        ('[program.a]\neffect = "read"\nargs = "reed..."\n', 7, ("args", 'did you mean "read"')),
        ('[program.a]\n[program.a.options]\n"-a" = "flagg"\n', 7, ("-a", 'did you mean "flag"')),
        ('[program.a]\nstdin = "pyton"\n', 6, ("stdin", 'did you mean "python"')),
        ('[program.a]\nuse = ["x"]\n', 6, ("use", 'no option set "x"')),
        ("[programm.a]\n", 5, ("programm", 'did you mean "program"')),
        ('[program.a.commands.b]\neffect = "read"\ntrget = "x"\n', 7, ("trget", 'did you mean "target"')),
        ('[program.a]\nargs = "read... write..."\n', 6, ("only one `...`",)),
        ('[program.a]\nflags = "a"\n', 5, ("begins with -",)),
        ('[program.a]\ntarget = "{x"\n', 6, ("braces",)),
        ('[[mcp]]\nserver = "x"\ntools = ["y"]\nefect = "read"\n', 8, ("efect", 'did you mean "effect"')),
        ('[program.a]\n[program.b]\nnames = ["a"]\n', 6, ("defined twice",)),
        ('[program.a.commands."b|c"]\n[program.a.commands.c]\n', 6, ('"c" has a rule already',)),
        (
            '[program.a.commands."b|c x|*y"]\n[program.a.commands."c|d *y|z"]\n',
            6,
            ('"c *y" has a rule already',),
        ),
        ('[program.a.commands."** b"]\n[program.a.commands."** b|c"]\n', 6, ('"** b" has a rule already',)),
        ('[program.a.commands."** b **"]\n', 5, ("`**` stands alone, and once",)),
        ('[program.a.commands."b|** c"]\n', 5, ("`**` stands alone, and once",)),
        ('[program.a.commands.""]\n', 5, ("needs a name",)),
    ],
)
def test_a_wrong_pack_is_an_error_with_file_line_field_and_nearest_name(
    text: str, line: int, words: tuple[str, ...]
) -> None:
    """A person who writes a rule is told where it is wrong and what was probably meant."""
    with pytest.raises(ConfigError) as caught:
        book(text)
    message = str(caught.value)
    assert message.startswith(f"t.toml:{line}:"), message
    for word in words:
        assert word in message


def test_the_rule_of_the_words_of_a_call_is_the_one_that_names_them_best() -> None:
    """A word beats a pattern, a longer pattern a shorter one; the rule's id says by what it was found."""
    rules = (
        '[program.a.commands."b|c* x|y|x*"]\neffect = "read"\nargs = "text..."\n'
        '[program.a.commands."b* *"]\neffect = "write"\n'
        '[program.a.commands."** drop|get|get*"]\neffect = "write"\n'
    )
    commands = ("a b x", "a b xyz", "a cc y", "a bb x", "a q drop get", "a q r getit", "a q r", "a b")
    found = [judge(rules, command).effects[0].rule for command in commands]
    assert found == ["a.b.x", "a.b.x*", "a.c*.y", "a.b*.*", "a.**.drop", "a.**.get*", "a", "a"]


def test_two_packs_may_not_define_the_same_program_but_a_later_layer_wins() -> None:
    """Shipped packs must agree; the operator's own pack replaces a program whole."""
    read = ("a.toml", HEAD + '[program.x]\neffect = "read"\n')
    write = ("b.toml", HEAD + '[program.x]\neffect = "write"\n')
    with pytest.raises(ConfigError, match="already defined"):
        compile_packs([read, write])
    assert compile_packs([read], [write]).programs["x"].rule.effect is EffectKind.WRITE


def test_the_digest_follows_every_byte_of_every_pack() -> None:
    """The hash that is journaled with a decision names the rules that were in force."""
    assert book("").digest != book("# a comment\n").digest
    assert len(book("").digest) == 16


def test_the_shipped_packs_compile() -> None:
    """Whatever is shipped must load."""
    rules = load(shipped("profiles"))
    assert {"ls", "git", "bash", "python3"} <= set(rules.programs)


RULES = """
[environment]
harmless = ["LANG"]
dangerous = ["LD_*"]

[program.p]
effect = "read"
args = "text@what read..."
flags = "-a -b"
values = "-v --value"
optionals = "-c --color"
number = true
[program.p.options]
"-w --write" = "write"
"-o --out" = "write-file"
"-t" = { takes = "value", harmless = ["ok", "fine*"], effect = "unknown" }
"-x" = { takes = "value", harmful = ["bad*"], effect = "write" }

[program.q]
effect = "unknown"
options."-h" = "help"
values = "-g"
[program.q.commands.sync]
effect = "write"
target = "q://{arg:0|main}/{-g|all}"
flags = "-f"
options."--dry" = "makes-read"
[program.q.commands."show|list things"]
effect = "read"
args = "text..."
[program.q.commands.take]
effect = "read"
consumes = true
target = "q://queue"
[program.q.commands."* get-*"]
effect = "read"
args = "text..."
other-options = "read"
[program.q.commands."* get-secret"]
effect = "write"
[program.q.commands.one]
effect = "write"
max-read-args = 1
bare = "unknown"

[program.g]
effect = "unknown"
[program.g.commands."** list"]
effect = "read"
args = "text..."
[program.g.commands."** delete*"]
effect = "write"

[program.d]
effect = "read"
style = "none"
operands."of=" = "write-file"
operands."if=" = "read-file"

[program.w]
effect = "read"
args = "command..."
stop-at-args = true
flags = "-n"

[program.far]
effect = "read"
args = "text@host shell..."
on = "far://{host}"
stop-at-args = true

[program.fetch]
effect = "read"
args = "url..."
http = true
[program.fetch.options]
"-X" = "method"
"-d" = "body"
"-G" = "get"
"-T" = "upload"

[program.c]
effect = "write"
args = "source... destination"
options."-n" = "dry-run"

[program.u]
effect = "read"
args = "read out"
options."-o" = "out-file"
[program.u.commands.copy]
effect = "read"
args = "source output"

[program.n]
effect = "read"
args = "text(!*::*) text"

[program.m]
effect = "read"
options."-m" = "module"
[program."python -m tool"]
effect = "read"
args = "read"
options."-w" = "write"

[program.i]
effect = "read"
args = "text read..."
options."-i" = { takes = "optional", in-place = true }

[program.own]
effect = "unknown"
args = "text..."

[program.press]
effect = "write"
flags = "-d"
options."-c" = "makes-read"
options."-t" = { makes = "read", unless = "-d" }

[program.alt]
effect = "read"
args = "text(!*@*|x)@what text(a|b*)"

[program.post]
effect = "read"
args = "url"
http = true
stdin = "body"
options."-I" = { takes = "nothing", as = "no-input" }
"""


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        ("p x file", "read"),
        ("p -ab -v 1 x", "read"),
        ("p -v -5 x", "read"),
        ("p -v -w x", "unknown"),
        ("p -v -oout x", "unknown"),
        ("p -v1 --value=2 --color=auto -c x", "read"),
        ("p -5 x", "read"),
        ("p -z x", "unknown"),
        ("p --val 1 x", "unknown"),
        ("p -aw x", "write"),
        ("p -ao out x", "write"),
        ("p -- -w", "read"),
        ("p -t ok x", "read"),
        ("p -t finest x", "read"),
        ("p -t other x", "unknown"),
        ("p -x good x", "read"),
        ("p -x badly x", "write"),
        ('p "$y"', "unknown"),
        ("p --help", "read"),
        ("p -w --help", "write"),
        ("p -z --help", "unknown"),
        ("LANG=C p x", "read"),
        ("LD_X=1 p x", "unknown"),
        ("OTHER=1 p x", "unknown"),
        ("q sync", "write"),
        ("q -g 1 sync -f", "write"),
        ("q sync --dry", "read"),
        ("q sync --dry --more", "unknown"),
        ("q list things", "read"),
        ("q show things a b", "read"),
        ("q list", "unknown"),
        ("q nothing", "unknown"),
        ("q take", "consumes"),
        ("q svc get-thing --any", "read"),
        ("q svc get-thing --out x", "unknown"),
        ("q svc get-thing --save-as x --any", "unknown"),
        ("q svc get-thing --output-file=x", "unknown"),
        ("q svc get-thing --outer x", "read"),
        ("q svc get-secret", "write"),
        ("q one", "unknown"),
        ("q one a", "read"),
        ("q one a b", "write"),
        ("g a b list", "read"),
        ("g a delete list", "write"),
        ("g a b c", "unknown"),
        ("d if=a", "read"),
        ("d if=a of=b", "write"),
        ("d of=/dev/null", "read"),
        ("w -n p x", "read"),
        ("w p -w x", "write"),
        ("w unheard-of", "unknown"),
        ("far h p x", "read"),
        ("far h 'p -w x'", "write"),
        ("far h", "unknown"),
        ("fetch http://a/b", "read"),
        ("fetch -X POST http://a", "write"),
        ("fetch -d x http://a", "write"),
        ("fetch -G -d x http://a", "read"),
        ("fetch -T f http://a", "write"),
        ("fetch gopher://a", "unknown"),
        ("c a h:b", "write"),
        ("c -n a h:b", "read"),
        ("q --help", "read"),
        ("q sync --help", "read"),
        ("q list --help", "read"),
        ("q nothing --help", "unknown"),
        ("u x -", "read"),
        ("u x y", "write"),
        ("u -o - x -", "read"),
        ("u -o y x -", "write"),
        ("u copy a -", "read"),
        ("u copy a h:b", "write"),
        ("p -o - x", "write"),
        ("n plain x::y", "read"),
        ("n x::y", "unknown"),
        ('n "$y"', "unknown"),
        ("m -m tool f", "read"),
        ("m -m tool -w f", "write"),
        ("m -m other", "unknown"),
        ("m -m $x", "unknown"),
        ("i x f", "read"),
        ("i -i x f", "write"),
        ("press -t x", "read"),
        ("press -t -d x", "write"),
        ("press -dt x", "write"),
        ("press -d -c x", "read"),
        ("alt y a", "read"),
        ("alt y bcd", "read"),
        ("alt y c", "unknown"),
        ("alt y@z a", "unknown"),
        ("alt x a", "unknown"),
        ("post https://h/", "read"),
        ("post https://h/ < f", "unknown"),
        ("ls | post https://h/", "unknown"),
        ("post -I https://h/ < f", "read"),
        ("post http://localhost/ < f", "read"),
        ("q --help", "read"),
        ("q sync --help", "read"),
        ("x --help", "unknown"),
        ("own script --help", "unknown"),
        ("own --help", "read"),
    ],
)
def test_each_part_of_the_format_means_what_the_documentation_says(command: str, wanted: str) -> None:
    """One claim of docs/profiles.md a line."""
    assert kind(RULES, command) == wanted


@pytest.mark.parametrize(
    ("command", "target", "scope"),
    [
        ("q sync", "q://main/all", Scope.REMOTE),
        ("q -g 1 sync x", "q://x/1", Scope.REMOTE),
        ('q sync "$x"', "q://*/all", Scope.REMOTE),
        ("p -o /tmp/x y", "file:///tmp/x", Scope.HOST),
        ("far h 'p -o /x y'", "far://h/x", Scope.REMOTE),
        ("fetch -X PUT http://U:p@A.example:81/b?c#d", "http://a.example:81/b", Scope.REMOTE),
        ("fetch -X PUT localhost:80/b", "https://localhost:80/b", Scope.HOST),
    ],
)
def test_targets_are_filled_from_what_was_given(command: str, target: str, scope: Scope) -> None:
    """Templates take arguments, options and kept names; what is not known shows as `*`."""
    judgement = judge(RULES, command)
    assert judgement.targets[0] == target
    assert judgement.scope is scope


MCP = """
[[mcp]]
server = "store*"
tools = ["get_*"]
effect = "read"
target = "store://{input:bucket|main}/{input:key}"

[[mcp]]
server = "store*"
tools = ["get_secret"]
effect = "write"

[[mcp]]
server = "db"
tools = ["query"]
effect = "write"
sql = "statement"
dialect = "postgres"
target = "postgres://db"

[[mcp]]
server = "web"
tools = ["fetch"]
effect = "read"
url = "address"
"""


def mcp(name: str, around: Surroundings = AROUND, **given: str) -> Judgement:
    """What an MCP tool does under the rules above."""
    return Classifier(book(MCP)).judge(ToolCall(name, given), around)


HEEDS = """
[program.p]
effect = "read"
heeds = "p.toml .p/code"
options."-C" = "cwd"
[program.p.commands.look]
effect = "read"
[program.far]
effect = "read"
args = "text@host shell..."
on = "far://{host}"
stop-at-args = true
"""


@pytest.mark.parametrize(
    ("made", "command", "wanted"),
    [
        ((), "p", EffectKind.READ),
        (("p.toml",), "p look", EffectKind.UNKNOWN),
        (("p.toml",), "p --help", EffectKind.UNKNOWN),
        (("sub/p.toml",), "p", EffectKind.READ),
        (("sub/p.toml",), "p -C sub", EffectKind.UNKNOWN),
        (("sub/p.toml",), "cd sub && p look", EffectKind.UNKNOWN),
        (("sub/x", "p.toml"), "p -C sub", EffectKind.UNKNOWN),
        ((".p/other",), "p", EffectKind.READ),
        ((".p/code/x",), "p", EffectKind.UNKNOWN),
        (("p.toml",), 'p -C "$x"', EffectKind.UNKNOWN),
        ((), "far h p", EffectKind.UNKNOWN),
    ],
)
def test_a_file_of_the_folder_that_may_name_code_makes_a_look_unknown(
    tmp_path: Path, made: tuple[str, ...], command: str, wanted: EffectKind
) -> None:
    """It counts where the program works and in every folder above, but not in the home folder itself."""
    home = tmp_path / "home"
    work = home / "work"
    (work / "sub").mkdir(parents=True)
    (home / "p.toml").touch()
    for name in made:
        (work / name).parent.mkdir(exist_ok=True, parents=True)
        (work / name).touch()
    around = Surroundings(
        cwd=str(work), workspace=str(work), home=str(home), files=LocalFiles("/usr/bin:/bin")
    )
    judged = Classifier(book(HEEDS)).judge(ToolCall("Bash", {"command": command}), around)
    assert judged.effect is wanted


def test_an_mcp_tool_without_a_rule_is_a_remote_write() -> None:
    """Nothing about a tool's name makes it harmless."""
    judgement = mcp("mcp__other__get_thing")
    assert (judgement.effect, judgement.scope) == (EffectKind.WRITE, Scope.REMOTE)
    assert judgement.targets == ("mcp://other/get_thing",)


def test_a_servers_own_word_counts_only_where_it_is_trusted() -> None:
    """`readOnlyHint` is the server's claim; the operator says whom to believe."""
    hints = {"other": frozenset({"look"})}
    doubted = Surroundings(cwd="/w", workspace="/w", home="/h", mcp_read_only=hints)
    trusted = Surroundings("/w", "/w", "/h", mcp_read_only=hints, trusted_mcp=frozenset({"other"}))
    assert mcp("mcp__other__look", doubted).effect is EffectKind.WRITE
    assert mcp("mcp__other__look", trusted).effect is EffectKind.READ
    assert mcp("mcp__other__change", trusted).effect is EffectKind.WRITE
    assert mcp("mcp__other__look", trusted, sql="drop table t").effect is EffectKind.WRITE


@pytest.mark.parametrize(
    ("tool", "given", "trusted"),
    [
        ("mcp__filesystem__read_text_file", {"path": "/w/a"}, EffectKind.READ),
        ("mcp__filesystem__write_file", {"path": "/w/a"}, EffectKind.WRITE),
        ("mcp__github__get_file_contents", {"owner": "o", "repo": "r"}, EffectKind.READ),
        ("mcp__github__search_code", {"query": "def f"}, EffectKind.READ),
        ("mcp__github__create_issue", {"owner": "o"}, EffectKind.WRITE),
        ("mcp__postgres__query", {"sql": "select 1"}, EffectKind.READ),
        ("mcp__postgres__query", {"sql": "drop table t"}, EffectKind.WRITE),
        ("mcp__postgres__query", {}, EffectKind.WRITE),
        ("mcp__sqlite__read_query", {"query": "select * from t"}, EffectKind.READ),
        ("mcp__sqlite__read_query", {"query": "delete from t"}, EffectKind.WRITE),
        ("mcp__sqlite__append_insight", {"insight": "x"}, EffectKind.WRITE),
        ("mcp__slack__slack_get_channel_history", {"channel_id": "c"}, EffectKind.READ),
        ("mcp__slack__slack_post_message", {"channel_id": "c"}, EffectKind.WRITE),
        ("mcp__puppeteer__puppeteer_navigate", {"url": "https://h/"}, EffectKind.WRITE),
        ("mcp__puppeteer__puppeteer_evaluate", {"script": "1"}, EffectKind.WRITE),
        ("mcp__playwright__browser_take_screenshot", {"filename": "x.png"}, EffectKind.WRITE),
        ("mcp__fetch__fetch", {"url": "https://h/"}, EffectKind.READ),
        ("mcp__memory__search_nodes", {"query": "x"}, EffectKind.READ),
        ("mcp__memory__create_entities", {}, EffectKind.WRITE),
        ("mcp__git__git_status", {"repo_path": "/w"}, EffectKind.READ),
        ("mcp__git__git_commit", {"repo_path": "/w"}, EffectKind.WRITE),
    ],
)
def test_a_well_known_server_is_judged_by_tool_and_arguments_only_where_it_is_trusted(
    tool: str, given: dict[str, str], trusted: EffectKind
) -> None:
    """A folder may call any program `github`: without the operator's trust nothing it offers is a read."""
    server = tool.split("__")[1]
    believed = msgspec.structs.replace(AROUND, trusted_mcp=frozenset({server}))
    assert classifier().judge(ToolCall(tool, given), believed).effect is trusted
    assert classifier().judge(ToolCall(tool, given), AROUND).effect is EffectKind.WRITE


def test_an_argument_that_names_a_file_to_write_makes_a_trusted_look_a_write() -> None:
    """A server may call a tool read-only that saves what it shows."""
    hints = {"other": frozenset({"look"})}
    trusted = Surroundings("/w", "/w", "/h", mcp_read_only=hints, trusted_mcp=frozenset({"other"}))
    assert mcp("mcp__other__look", trusted, path="a").effect is EffectKind.READ
    assert mcp("mcp__other__look", trusted, output_path="a").effect is EffectKind.WRITE
    assert mcp("mcp__other__look", trusted, saveAs="a").effect is EffectKind.WRITE


@pytest.mark.parametrize("tool", ["ReadMcpResourceTool", "ReadMcpResourceDirTool"])
def test_a_resource_is_read_only_where_its_server_is_trusted(tool: str) -> None:
    """A server may do anything when it is asked for a resource, so it is a call of it as any other."""
    trusted = Surroundings("/w", "/w", "/h", trusted_mcp=frozenset({"other"}))
    asked = {"server": "other", "uri": "https://h/delete"}
    doubted = mcp(tool, AROUND, **asked)
    assert (doubted.effect, doubted.scope) == (EffectKind.WRITE, Scope.REMOTE)
    assert doubted.targets == ("mcp://other/resource/https://h/delete",)
    assert mcp(tool, trusted, **asked).effect is EffectKind.READ
    assert mcp(tool, trusted, uri="x").effect is EffectKind.WRITE


def test_mcp_rules_apply_by_server_and_tool_the_most_specific_first() -> None:
    """A rule for one tool wins over one for many."""
    judgement = mcp("mcp__store1__get_object", key="k")
    assert (judgement.effect, judgement.targets) == (EffectKind.READ, ("store://main/k",))
    assert mcp("mcp__store1__get_secret").effect is EffectKind.WRITE


def test_sql_in_an_mcp_call_is_judged_statement_by_statement() -> None:
    """A tool that runs SQL is what its SQL is, down to the table."""
    assert mcp("mcp__db__query", statement="select * from t").effect is EffectKind.READ
    judgement = mcp("mcp__db__query", statement="select 1; delete from t")
    assert judgement.effect is EffectKind.WRITE
    assert "postgres://db/t" in judgement.targets
    assert mcp("mcp__db__query").effect is EffectKind.WRITE


def test_the_url_of_an_mcp_call_is_its_target() -> None:
    """A fetching tool is judged by what it fetches."""
    assert mcp("mcp__web__fetch", address="https://x.example/a").targets == (
        "mcp://web/fetch",
        "https://x.example/a",
    )


def test_an_explanation_shows_every_part_with_rule_and_reason() -> None:
    """The tree for a person and the data for scripts tell the same."""
    judgement = judge(RULES, "p x f; q sync | w p -w y")
    assert [part.source for part in parts(judgement)] == ["p x f", "q sync", "w p -w y"]
    text = as_text(ToolCall("Bash", {}), judgement, "simulated")
    assert "q://main/all" in text
    assert "q.sync" in text
    data = as_data(judgement, "simulated", tree=True)
    assert set(as_data(judgement, "x")) == {"effect", "scope", "targets", "decision", "rule", "why"}
    assert [part["effect"] for part in data["parts"]] == ["read", "write", "write"]


def test_an_explanation_never_steers_the_terminal() -> None:
    """Text of an agent is shown as text."""
    judgement = judge(RULES, "p '\x1b]52;c;x\x07' $'\\e[2J'")
    assert "\x1b" not in as_text(ToolCall("Bash", {}), judgement, "pass")
