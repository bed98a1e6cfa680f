"""Code inside commands: SQL, awk, sed and Python are reads only where that is proven."""

from __future__ import annotations

import pytest

from supervisor.effects import awk, python_code, sed
from supervisor.effects.model import EffectKind
from supervisor.effects.sql import judge_text


def worst(text: str, dialect: str) -> EffectKind:
    """The worst kind among the statements of `text`."""
    return max((found.kind for found in judge_text(text, dialect)), key=lambda kind: kind.weight)


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        ("postgres", "select count(*), max(a) from t where b ilike 'x%' group by c limit 5"),
        ("postgres", "with a as (select 1) select * from a join s.t using (id);"),
        ("postgres", "explain select 1; show search_path; values (1); table t"),
        ("postgres", "explain (analyze, buffers) select * from t"),
        ("postgres", "begin; select now(); commit"),
        ("postgres", "\\dt+\nselect 1"),
        ("postgres", "copy t to stdout"),
        ("postgres", "select pg_size_pretty(pg_database_size(current_database()))"),
        ("mysql", "show tables; describe t; select user(), version()"),
        ("sqlite", "pragma table_info(t); select sqlite_version()"),
        ("sqlite", ".schema t"),
        ("sqlite", "pragma user_version"),
        ("duckdb", "select * from read_csv('a.csv')"),
        ("tsql", "select top 5 * from t\nGO\nselect getdate()"),
    ],
)
def test_sql_that_only_queries_is_a_read(dialect: str, text: str) -> None:
    """Every statement must be a query, an explanation or a harmless setting."""
    assert worst(text, dialect) is EffectKind.READ


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        ("postgres", "select 1; delete from t"),
        ("postgres", "with a as (delete from t returning *) select * from a"),
        ("postgres", "select * into u from t"),
        ("postgres", "select * from t for update"),
        ("postgres", "select nextval('s')"),
        ("postgres", "select pg_terminate_backend(1)"),
        ("postgres", "select lo_export(1, '/tmp/x')"),
        ("postgres", "select my_function(1)"),
        ("postgres", "select * from dblink('x', 'delete from t') as t(a int)"),
        ("postgres", "explain analyze delete from t"),
        ("postgres", "explain (verbose, analyze) update t set a = 1"),
        ("postgres", "copy t from stdin"),
        ("postgres", "copy (select 1) to program 'sh'"),
        ("postgres", "copy t to '/tmp/x'"),
        ("postgres", "do $$ begin delete from t; end $$"),
        ("postgres", "call f()"),
        ("postgres", "\\! rm x"),
        ("postgres", "select 1 \\g |sh"),
        ("postgres", "\\echo `rm x`"),
        ("postgres", "-- it's\nselect 1; \\! rm 'x"),
        ("postgres", "select :q"),
        ("postgres", "set role admin; select 1"),
        ("postgres", "refresh materialized view v"),
        ("postgres", ""),
        ("mysql", "select 1 /*!50000 into outfile '/tmp/x' */"),
        ("mysql", "select load_file('/etc/passwd')"),
        ("mysql", "start replica"),
        ("mysql", "start group_replication"),
        ("mysql", "select 1 into outfile '/tmp/x'"),
        ("mysql", "system rm x"),
        ("mysql", "set global x = 1"),
        ("sqlite", ".shell rm x"),
        ("sqlite", ".output x"),
        ("sqlite", "pragma journal_mode=wal"),
        ("sqlite", "select writefile('x', 'y')"),
        ("sqlite", "select load_extension('x')"),
        ("sqlite", "attach 'x.db' as y"),
        ("sqlite", "vacuum"),
        ("tsql", "exec xp_cmdshell 'rm x'"),
        ("tsql", "select 1\n:!! rm x"),
        ("duckdb", "copy t to 'x.csv'"),
        ("", "drop table t"),
        ("", "no sql at all"),
    ],
)
def test_sql_that_may_do_more_is_no_read(dialect: str, text: str) -> None:
    """Writes in any disguise, side effects, client commands and what is not understood."""
    assert worst(text, dialect) is not EffectKind.READ


def test_statements_name_their_tables() -> None:
    """Targets go down to the table, read or written."""
    found = judge_text("insert into s.a select * from b; drop table c, d", "postgres")
    assert {(each.kind, each.table) for each in found} >= {
        (EffectKind.WRITE, "s.a"),
        (EffectKind.WRITE, "c"),
    }


@pytest.mark.parametrize(
    "script",
    [
        "s/a/b/g",
        "1,10p",
        "/x/,/y/{s/a/b/;p}",
        "$!N;P;D",
        ":a;N;$!ba;s/\\n/ /g",
        "y/abc/xyz/",
        "5q",
        "a\\\nw text",
        "s|a|w x|",
    ],
)
def test_sed_that_only_edits_its_stream_uses_nothing(script: str) -> None:
    """Ordinary scripts neither write files nor run anything."""
    assert sed.use_of(script) == sed.SedUse()


@pytest.mark.parametrize(
    "script",
    [
        "w x",
        "s/a/b/w x",
        "1e rm x",
        "s/a/b/e",
        "s/a/b/ge",
        "/a/w x",
        "1!w x",
        "{w x\n}",
        "s/[/]/x/w y",
        "s/a/b",
        "k",
    ],
)
def test_sed_that_may_write_or_run_shows(script: str) -> None:
    """`w`, `W`, `e` and their flags are found wherever they stand; what is not understood says so."""
    use = sed.use_of(script)
    assert use.writes or use.runs or use.problem


@pytest.mark.parametrize(
    "program",
    [
        "{print $1, $NF}",
        "$3 > 5 {s += $3} END {print s / NR}",
        '{print ($1 > 0 ? "a" : "b")}',
        '/a\\/b/ || $2 ~ /[0-9]+/ {gsub(/x/, "y"); print}',
        "BEGIN {while ((getline line < ARGV[1]) > 0) n++; print n}",
        "function f(x) {return x * 2} {print f($1)}",
        "{a[$1]++} END {for (k in a) print k, a[k]}",
    ],
)
def test_awk_that_only_prints_uses_nothing(program: str) -> None:
    """Comparisons are no redirections, and divisions no regular expressions."""
    assert awk.use_of(program) == awk.AwkUse()


@pytest.mark.parametrize(
    "program",
    [
        '{print > "x"}',
        "{print $1 >> f}",
        '{printf "%s", $1 > $2}',
        '{print (1)(2) > "x"}',
        '{print | "sh"}',
        '{"rm x" | getline}',
        'BEGIN {system("rm x")}',
        'BEGIN {system ("rm x")}',
        'BEGIN {f = "system"; @f("rm x")}',
        '@include "x"',
        'BEGIN {"x" |& getline}',
        '{ x = a /system("rm")/ b }',
        '{ x++ /system("rm x")/ 1 }',
        "BEGIN {unknown(1)}",
        '{print $1,\n$2 > "x"}',
        '{print $1, # a comment\n\n$2 > "x"}',
        '{print /[/]/ > "x"}',
    ],
)
def test_awk_that_may_write_or_run_shows(program: str) -> None:
    """Redirections, pipes, `system` and its disguises are found."""
    use = awk.use_of(program)
    assert use.writes or use.runs or use.problem


@pytest.mark.parametrize(
    "code",
    [
        "print(1 + 1)",
        "# -*- coding: utf-8 -*-\nprint(1)",
        "import sys, json; d = json.load(sys.stdin); print(d['a'][0].get('b', '').upper())",
        "import os; print(os.environ.get('HOME'), os.path.exists('a'), os.getcwd())",
        "from datetime import datetime; print(datetime.now().isoformat())",
        "print(sum(int(l.split()[0]) for l in open('f')))",
        "with open('f', 'rb') as f:\n    print(len(f.read()))",
        "import re, sys\nfor l in sys.stdin:\n    if re.search('x', l): print(l.strip())",
        "from pathlib import Path; print([p.stat().st_size for p in Path('.').rglob('*') if p.is_file()])",
        "import csv; print([row['a'] for row in csv.DictReader(open('f'))])",
        "import glob; print(sorted(glob.glob('*.py')))",
        "import tomllib; print(tomllib.load(open('pyproject.toml', 'rb'))['project']['name'])",
    ],
)
def test_python_that_only_computes_is_proven(code: str) -> None:
    """The allow-list covers what one-liners do."""
    assert python_code.use_of(code).problem == ""


@pytest.mark.parametrize(
    "code",
    [
        "import os; os.remove('x')",
        "import os as o; o.system('x')",
        "from os import system; system('x')",
        "x = __import__('os'); x.system('x')",
        "open('x', 'w')",
        "open('x', mode)",
        "open(*a)",
        "f = open; f('x', 'w')",
        "eval('1')",
        "getattr(x, 'y')()",
        "print.__self__.__import__('os')",
        "().__class__.__base__.__subclasses__()",
        "import subprocess",
        "import json; json.codecs.builtins.exec('x')",
        "import sys; sys.modules['os'].system('x')",
        "import sys; sys.stdout.buffer.raw",
        "class A: pass",
        "import os\nos.environ['PATH'] = 'x'\nprint(os.environ.clear())",
        "from pathlib import Path; Path('x').unlink()",
        "from pathlib import Path; Path('x').replace('y')",
        "from pathlib import Path as P; P('x').copy('y')",
        "import pathlib; list(map(pathlib.Path.replace, [pathlib.Path('x')], ['y']))",
        "from pathlib import Path; Path('x').write_text('y')",
        "from pathlib import Path; Path('x').open('w')",
        "from pathlib import os; os.remove('x')",
        "import glob; glob.os.remove('x')",
        "import csv; csv.writer(open('x', 'w'))",
        "import collections; collections.sys.modules",
        "import datetime; datetime.sys.modules",
        "import re; re.enum.sys.modules",
        "lambda: exec('x')",
        "print('a', file=open('x', 'w'))",
        "import sys; sys.path.insert(0, 'evil'); import json",
        "import calendar; calendar.sys.path.insert(0, 'evil'); import json",
        "import calendar; x = calendar.sys; x.path.insert(0, 'evil')",
        "from calendar import sys as s; s.path.insert(0, 'evil'); import json",
        "# coding: raw_unicode_escape\nprint(1) #\\u000aopen('x', 'w')",
        "#!x\n# vim: set fileencoding=utf-7 :\nprint(1)",
        "this is no python",
    ],
)
def test_python_that_may_do_more_is_not_proven(code: str) -> None:
    """Whatever reaches out of the allow-list is unknown."""
    assert python_code.use_of(code).problem != ""
