"""What rule packs know of a call beyond its effects: the command that looks at its target, its reverse."""

from __future__ import annotations

import pytest
from shipped_rules import classifier

from supervisor.effects import Surroundings, ToolCall
from supervisor.effects.classifier import Classifier
from supervisor.effects.foresight import Foreseen
from supervisor.effects.profiles import compile_packs
from supervisor.errors import ConfigError

HERE = Surroundings(cwd="/w", workspace="/w", home="/h")

PACK = """\
[pack]
name = "deploy"
version = 1

[program.deploy]
effect = "write"
args = "text@name"
values = "--to"
{line}

[program.deploy.commands.status]
effect = "read"
args = "text..."

[program.deploy.commands.purge]
effect = "write"
"""


def foreseen(command: str) -> tuple[Foreseen, ...]:
    """What the shipped packs know of a command."""
    return classifier().foresee(ToolCall("Bash", {"command": command}), HERE)


LOOKS = {
    "git push": "/w: git ls-remote origin",
    "git push -q origin main": "/w: git ls-remote origin main",
    "git push upstream +topic:main :old": "/w: git ls-remote upstream main old",
    "git push -u origin HEAD": "/w: git ls-remote origin *",
    "cd sub && git -C deep push origin main": "/w/sub: git -C deep ls-remote origin main",
    "b=main; git push origin $b": "/w: git ls-remote origin main",
    "aws --profile=prod s3 rm s3://b/k": "/w: aws --profile=prod s3api list-objects-v2 --bucket b --prefix k",
    "kubectl -n web scale deployment/x --replicas=3": "/w: kubectl -n web get -o json --ignore-not-found",
    "psql -h db shop -c 'drop table a'": "/w: psql -h db -X -A -t -w -c select table_schema",
    "mysql -h db -u me shop -e 'drop table a'": "/w: mysql -h db -u me -N -B -e select table_schema",
    "sqlite3 sub/../a.db 'drop table a'": "/w: sqlite3 -readonly /w/a.db select type",
}
"""Commands, and how the command begins that looks at what they write to."""


@pytest.mark.parametrize(("command", "begins"), LOOKS.items())
def test_the_probe_looks_where_the_call_would_write(command: str, begins: str) -> None:
    """Remote, refs, bucket, database, context and folder are those of the call itself."""
    (known,) = foreseen(command)
    assert not known.doubt
    assert f"{known.folder}: {' '.join(known.probe)}".startswith(begins)


DOUBTS = {
    "git push $REMOTE main": "not known before it runs",
    "git push --repo=-oProxy": "could be taken for an option",
    "git push origin main --new-option": "not known to be harmless",
    "ssh build git push origin main": "it runs on ssh://build",
    "PGHOST=other psql shop -c 'drop table a'": "PGHOST is set for it",
    "PGHOST=other sh -c 'psql shop -c \"drop table a\"'": "PGHOST is set for it",
    "env PGHOST=other psql shop -c 'drop table a'": "PGHOST is set for it",
    "export AWS_PROFILE=x; aws s3 rm s3://b/k": "AWS_PROFILE is set for it",
    "cd $SOMEWHERE; git push origin main": "folder",
    "kubectl --kubeconfig x scale deployment/x --replicas=3": "--kubeconfig may change what it reaches",
}
"""Commands whose target may be another than a probe here would look at, and what is said of it."""


@pytest.mark.parametrize(("command", "doubt"), DOUBTS.items())
def test_where_a_probe_could_look_at_something_else_there_is_none(command: str, doubt: str) -> None:
    """It is told as a doubt, not silently left out."""
    (known,) = foreseen(command)
    assert not known.probe and doubt in known.doubt


@pytest.mark.parametrize(
    "command",
    ["git ls-remote origin main", "psql shop -c 'select 1'", "aws s3 cp s3://b/k .", "git push --help"],
)
def test_what_writes_nowhere_or_only_to_files_needs_no_probe(command: str) -> None:
    """Reads, and copies onto this machine."""
    assert not [known for known in foreseen(command) if known.probe or known.doubt]


def test_the_reverse_is_told_with_the_values_of_the_call() -> None:
    """Quoted as a shell takes them; what is not known before the call runs is left open."""
    said = [foreseen(command)[0].reverse for command in ("git push 'my remote' a:b", "git push $A main")]
    assert said == [
        "git push --force 'my remote' <the commit before>:b",
        "git push --force … <the commit before>:main",
    ]


WRONG = {
    'probe = ["deploy", "purge"]': ("9: program.deploy.probe: must only read", "judged write"),
    'probe = ["deploy", "status", "{name!nmae}"]': ("9: program.deploy.probe:", 'did you mean "name"?'),
    'probe = ["deploy", "status", "{name"]': ("9: program.deploy.probe:", "braces do not match"),
    'probe = ["{name}", "status"]': ("9: program.deploy.probe:", "the name of a program"),
    'probe = ["other", "status"]': ("9: program.deploy.probe:", "no rule knows what other does"),
    'probe-optoins = "--to"': ("9: program.deploy.probe-optoins:", 'did you mean "probe-options"?'),
    'probe-options = "--to"': ("9: program.deploy.probe-options:", "there is no probe"),
    'reverse = "undo {arg:x}"': ("9: program.deploy.reverse:", "a number stands behind the colon"),
    'probe = ["deploy", "status"]\nprobe-options = "--too"': (
        "10: program.deploy.probe-options:",
        'no option "--too" here; did you mean "--to"?',
    ),
}
"""Wrong lines of a pack, and what is said of them."""


@pytest.mark.parametrize(("line", "said"), WRONG.items())
def test_a_wrong_probe_refuses_the_pack(line: str, said: tuple[str, str]) -> None:
    """With file, line, field, and what would be right; above all a probe that does more than read."""
    with pytest.raises(ConfigError) as caught:
        compile_packs([("deploy.toml", PACK.replace("{line}", line))])
    assert str(caught.value).startswith(f"deploy.toml:{said[0]}") and said[1] in str(caught.value)


def test_a_right_probe_is_taken() -> None:
    """The same pack with a probe that reads."""
    line = 'probe = ["deploy", "status", "{name}"]\nprobe-options = "--to"\nreverse = "deploy undo {name}"'
    book = compile_packs([("deploy.toml", PACK.replace("{line}", line))])
    (known,) = Classifier(book).foresee(ToolCall("Bash", {"command": "deploy --to=eu site"}), HERE)
    assert known.probe == ("deploy", "--to=eu", "status", "site") and known.reverse == "deploy undo site"
