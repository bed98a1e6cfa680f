"""A program's arguments taken apart as its rule says: options with their values, operands, positionals."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from supervisor.effects.model import EffectKind
from supervisor.effects.rules import Option, Role, Rule, Style, Takes
from supervisor.effects.words import UNKNOWN, Word

_NUMBER = re.compile(r"[-+]\d+")
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\+?=")
_PLACES = ("file", "dir", "directory", "folder", "path")
_SHORTENED = "|".join(
    sorted({place[:n] for place in _PLACES for n in range(1, len(place) + 1)}, reverse=True)
)
_SPEAKS_OF_WRITING = re.compile(
    rf"-{{1,2}}(to|output|out)({'|'.join(_PLACES)}|-({_SHORTENED}))|--(out|save(-[a-z-]+)?|file|log-file|dest|destination)"
    r"|--download(-(dir|path|to))?|--(write|delete|remove|apply|fix|force|edit|exec|execute|zip|install|reset|prune|purge)"
    r"|--(open|web|browser)"
)
"""No option of a read is harmless under such a name unless its rule says so: it writes, or opens a page."""
_CODE = frozenset((Role.CODE, Role.CODE_FILE))
_ACTS = frozenset(
    (
        *(Role.WRITE, Role.UPDATE, Role.OUT, Role.DESTINATION, Role.OUTPUT, Role.RUN, Role.CODE),
        *(Role.CODE_FILE, Role.COMMAND, Role.MODULE, Role.SHELL),
    )
)


@dataclass
class Given:
    """One option as given: its rule, spelling, and value (if it has one)."""

    option: Option
    name: str
    value: Word | None = None
    words: tuple[Word, ...] = ()


@dataclass
class Arguments:
    """Arguments taken apart.

    Attributes:
        given: known options and operands in order.
        positionals: what is left, in order.
        assignments: leading `NAME=VALUE` words where the rule has them.
        doubts: what could not be placed, in words for the operator.
        helps: the call prints its help and does nothing else.
        asked: an option that prints help or the version is among the given.
        strangers: options that are not declared and, by the rule, harmless to the effect of the command.
    """

    rule: Rule
    given: list[Given] = field(default_factory=list)
    positionals: list[Word] = field(default_factory=list)
    assignments: list[Word] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    helps: bool = False
    asked: bool = False
    spread: bool = False
    strangers: list[str] = field(default_factory=list)


def take_apart(rule: Rule, words: list[Word], given: list[Given] | None = None) -> Arguments:
    """`words` (without the program and its sub-command) as `rule` reads them."""
    parsed = Arguments(rule, given=list(given or ()))
    index = 0
    bundle = rule.style is Style.BUNDLE
    while index < len(words):
        word = words[index]
        index += 1
        if word.exact and word.text == "--" and rule.style is not Style.NONE:
            if rule.style is Style.LONG and any(each.may_be_option for each in words[index:]):
                parsed.doubts.append("what follows -- may still be an option")
            parsed.positionals.extend(words[index:])
            break
        if rule.assignments and not parsed.positionals and _ASSIGNMENT.match(word.prefix):
            parsed.assignments.append(word)
            if word.many:
                parsed.doubts.append(f"{word.text} may be several words, a command among them")
            continue
        operand = _operand(rule, word)
        if operand is not None:
            parsed.given.append(operand)
            continue
        if rule.style is Style.NONE or not word.may_be_option or _bare_dash(rule, word):
            if bundle and word.exact and not parsed.positionals and word.text not in rule.options:
                bundle = False
                index = _cluster(rule, Word("-" + word.text), words, index, parsed, first=True)
                continue
            if rule.style is Style.GNU and word.exact and word.text in rule.options:
                index = _option(rule, word, words, index, parsed)
                continue
            if rule.stop_at_args:
                parsed.positionals.extend(words[index - 1 :])
                break
            parsed.positionals.append(word)
            continue
        bundle = False
        if not word.prefix or (word.many and not word.glob):
            # May become an option. Where no option of the program can do harm that does not matter.
            if rule.can_write or (not rule.options and rule.other_options.weight):
                parsed.doubts.append("an argument that is not known before it runs may be an option")
            if rule.stop_at_args:
                parsed.positionals.extend(words[index - 1 :])
                break
            parsed.positionals.append(word)
            continue
        index = _option(rule, word, words, index, parsed)
        if parsed.helps:
            break
    for each in parsed.given:
        if each.option.takes is Takes.FIRST and each.value is None:
            if parsed.positionals and not parsed.positionals[0].many:
                each.value = parsed.positionals.pop(0)
            else:
                each.value = UNKNOWN
    if parsed.asked and (not parsed.positionals or rule.effect is EffectKind.READ):
        parsed.helps = parsed.helps or _may_help(rule, parsed)
    parsed.spread = any(word.many for word in parsed.positionals)
    return parsed


def _bare_dash(rule: Rule, word: Word) -> bool:
    return word.exact and word.text == "-" and "-" not in rule.options


def _operand(rule: Rule, word: Word) -> Given | None:
    for prefix, option in rule.operands.items():
        if word.prefix.startswith(prefix):
            value = word.tail(len(prefix)) if option.takes is not Takes.NOTHING else None
            return Given(option, prefix, value)
    return None


def _option(rule: Rule, word: Word, words: list[Word], index: int, parsed: Arguments) -> int:
    """Take the option `word`; the index of the next word."""
    text = word.prefix
    name, equals, _ = text.partition("=")
    if not word.exact and not equals:
        parsed.doubts.append(f"option {word.text} is not known before it runs")
        return index
    if rule.help and word.exact and text in ("--help", "--version") and text not in rule.options:
        if not _may_help(rule, parsed):
            parsed.doubts.append(f"{text} may not be what it looks like here")
            return index
        if text == "--help" or (not rule.path and len(words) == 1):
            parsed.helps = True
            return index
    option = rule.options.get(name)
    if option is None and word.exact and equals and text in rule.options:
        option, equals = rule.options[text], ""
    if option is not None and (equals or word.exact):
        if not equals:
            return _take(option, name, words, index, parsed)
        if option.takes in (Takes.NOTHING, Takes.FIRST):
            parsed.doubts.append(f"option {name} does not take a value")
        else:
            _give(option, name, word.tail(len(name) + 1), parsed)
        return index
    if rule.number and word.exact and _NUMBER.fullmatch(text):
        return index
    if text.startswith("--") or rule.style is Style.LONG or not text.startswith("-"):
        _stranger(rule, name, parsed)
        return index
    return _cluster(rule, word, words, index, parsed)


def _may_help(rule: Rule, parsed: Arguments) -> bool:
    """Whether a help option now surely ends the call: nothing before it may have taken it, run or written."""
    if parsed.doubts or any(
        given.option.role not in (Role.TEXT, Role.HELP) or given.option.effect not in (None, EffectKind.READ)
        for given in parsed.given
    ):
        return False
    if not parsed.positionals:
        return True
    # Of a program that is not known to only read, an argument may be a script that takes the option.
    return rule.effect is not EffectKind.UNKNOWN and not any(spec.role in _ACTS for spec in rule.args)


def _stranger(rule: Rule, name: str, parsed: Arguments) -> None:
    speaks = rule.effect is EffectKind.READ and _SPEAKS_OF_WRITING.fullmatch(name)
    if rule.other_options.weight or speaks or _abbreviates(rule, name):
        parsed.doubts.append(f"option {name} is not known to be harmless")
    else:
        parsed.strangers.append(name)


def _abbreviates(rule: Rule, name: str) -> bool:
    """Whether `name` may be short for an option that does something."""
    return name.startswith("--") and any(
        known.startswith(name) and _does_something(option) for known, option in rule.options.items()
    )


def _does_something(option: Option) -> bool:
    return option.effect not in (None, EffectKind.READ) or option.role in _ACTS


def _cluster(
    rule: Rule, word: Word, words: list[Word], index: int, parsed: Arguments, first: bool = False
) -> int:
    """Take `-abc`: single letters, the last of which may have a value; the index of the next word."""
    text = word.prefix
    at = 1
    while at < len(text):
        name = "-" + text[at]
        at += 1
        option = rule.options.get(name)
        if option is None:
            if rule.number and text[at - 1].isdigit():
                continue
            _stranger(rule, f"{name} in {word.text}" if len(text) > 2 else name, parsed)
            return index
        if option.takes in (Takes.NOTHING, Takes.FIRST):
            _give(option, name, None, parsed)
        elif first:  # old tar style: values follow the bundle in the order of their letters
            value = words[index] if index < len(words) else None
            index += 1
            _give(option, name, value, parsed)
        elif at < len(text) or not word.exact:
            _give(option, name, word.tail(at), parsed)
            return index
        else:
            return _take(option, name, words, index, parsed)
    if not word.exact:
        parsed.doubts.append(f"option {word.text} is not known before it runs")
    return index


def _take(option: Option, name: str, words: list[Word], index: int, parsed: Arguments) -> int:
    if option.takes is Takes.VALUE:
        if index >= len(words):
            parsed.doubts.append(f"option {name} lacks its value")
            return index
        value = words[index]
        if _acts(parsed.rule, value):
            parsed.doubts.append(f"the value of {name} looks like the option {value.text}")
        if value.many and _is_particular(parsed.rule):  # or none: then the next word is the value
            parsed.doubts.append(f"the value of {name} may be several words")
        _give(option, name, value, parsed)
        return index + 1
    if option.takes is Takes.TWO:
        if index + 1 >= len(words) or words[index].many or words[index + 1].many:
            parsed.doubts.append(f"the two values of {name} are not known")
        _give(option, name, words[index] if index < len(words) else None, parsed)
        return index + 2
    if option.takes is Takes.REST:
        parsed.given.append(Given(option, name, None, tuple(words[index:])))
        return len(words)
    if option.takes is Takes.UNTIL:
        end = index
        while end < len(words):
            if words[end].exact and words[end].text == ";":
                break
            if words[end].exact and words[end].text == "+" and words[end - 1].text == "{}":
                break
            end += 1
        if end >= len(words):
            parsed.doubts.append(f"the command of {name} has no end")
        if _may_end(parsed.rule, words[index:end]):
            parsed.doubts.append(f"where the command of {name} ends is not known before it runs")
        parsed.given.append(Given(option, name, None, tuple(words[index:end])))
        return end + 1
    _give(option, name, None, parsed)
    return index


def _is_particular(rule: Rule) -> bool:
    """Whether it matters to the effect which words are arguments, and how many."""
    return rule.can_write or rule.effect is not EffectKind.READ or any(spec.glob for spec in rule.args)


def _may_end(rule: Rule, words: list[Word]) -> bool:
    """Whether one of `words` may turn out to be `;` or `+`, and an option that does something follows."""
    first = next(
        (i for i, word in enumerate(words) if not word.exact and word.prefix in ("", ";", "+")), None
    )
    return first is not None and any(_could_act(rule, word) for word in words[first + 1 :])


def _could_act(rule: Rule, word: Word) -> bool:
    """As `_acts`, of a word that may become one of several."""
    if word.exact:
        return _acts(rule, word)
    return any(
        _does_something(option) for name, option in rule.options.items() if name.startswith(word.prefix)
    )


def _acts(rule: Rule, value: Word) -> bool:
    """Whether `value`, were it no value, would be an option that does something."""
    if not value.prefix.startswith("-"):
        return False
    names = {value.prefix.partition("=")[0]}
    if rule.style is not Style.LONG and not value.prefix.startswith("--"):
        names.add(value.prefix[:2])
    return any(_does_something(rule.options[name]) for name in names if name in rule.options)


def _give(option: Option, name: str, value: Word | None, parsed: Arguments) -> None:
    parsed.asked |= option.role is Role.HELP
    if option.role in _CODE and parsed.positionals and any(spec.role in _CODE for spec in parsed.rule.args):
        # Where options end at the first argument, that is the code: `sed 'w x' y -e p`.
        parsed.doubts.append(f"whether {name} is an option behind {parsed.positionals[0].text} depends")
    if value is not None and (option.harmless or option.harmful) and _is_harmless(option, value):
        makes = None if option.harmless else option.makes
        option = Option(takes=option.takes, name=option.name, makes=makes)
    parsed.given.append(Given(option, name, value))


def _is_harmless(option: Option, value: Word) -> bool:
    if option.harmful:
        harmless = value.exact and not any(fnmatchcase(value.text, glob) for glob in option.harmful)
        if not harmless or not option.harmless:
            return harmless
    if value.exact:
        return any(fnmatchcase(value.text, glob) for glob in option.harmless)
    if value.many:
        return False
    # What is known of the value may be enough: `Accept:*`.
    begins = [glob[:-1] for glob in option.harmless if glob.endswith("*")]
    return any(value.prefix.startswith(begin) for begin in begins if not set(begin) & set("*?["))
