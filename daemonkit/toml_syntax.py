"""Explain why a text is not TOML: typical input mistakes and repetitions, each with its line and key."""

from bisect import bisect_left
from contextlib import suppress
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from pydantic import BaseModel

from daemonkit.toml_explain import Explainer
from daemonkit.toml_faults import Fault
from daemonkit.toml_lines import NotToml, iterate_lines
from daemonkit.toml_lines import Path as KeyPath
from daemonkit.toml_repair import Mistake, MistakeKind, repair
from daemonkit.toml_repetitions import find_repetitions
from daemonkit.toml_wording import describe_mistakes, describe_repetition


def find_syntax_faults(path: Path, text: str, model: type[BaseModel]) -> tuple[str, list[Fault]]:
    """Return the text with its mistakes repaired, and a fault for each line with mistakes and for each repetition.

    The text must not be TOML: values that TOML allows may look like mistakes.
    """
    repaired, mistakes = repair(text)
    keys = _read_keys(repaired)
    explain = Explainer(str(path), {}, model)
    faults = []
    for line, found in groupby(mistakes, lambda each: each.line):
        group = list(found)
        at = _find_key(keys, group[0])
        zh, en = describe_mistakes([_hide(each) for each in group] if explain.is_secret(at) else group)
        faults.append(explain.fault(at, en, zh=zh, line=line))
    for each in find_repetitions(repaired):
        name = ".".join(part for part in each.at if isinstance(part, str))
        zh, en = describe_repetition(each, name, is_list=explain.is_list(each.at))
        faults.append(explain.fault(each.at, en, zh=zh, line=each.line))
    return repaired, faults


def _hide(mistake: Mistake) -> Mistake:
    """Return the mistake without letters and digits of a secret."""
    is_value = any(char.isalnum() for char in mistake.meant)
    return replace(mistake, kind=MistakeKind.text, found="", meant="") if is_value else mistake


def _read_keys(text: str) -> list[tuple[KeyPath, int]]:
    """Return each key with its line, up to the first place that is not TOML."""
    keys: list[tuple[KeyPath, int]] = []
    with suppress(NotToml):
        keys.extend(iterate_lines(text))
    return keys


def _find_key(keys: list[tuple[KeyPath, int]], mistake: Mistake) -> KeyPath:
    """Return the first key of the line; within an array or inline table, the last one before it."""
    number = bisect_left(keys, mistake.line, key=lambda each: each[1])
    if number < len(keys) and keys[number][1] == mistake.line:
        return keys[number][0]
    return keys[number - 1][0] if number and mistake.inside else ()
