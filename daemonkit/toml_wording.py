"""Word the fault of one value, or of a text that is not TOML, in Chinese and English, with an example."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from daemonkit.toml_repair import Mistake, MistakeKind, to_plain
from daemonkit.toml_repetitions import Repetition

Pair = tuple[str, str]
_Facts = Mapping[str, Any]

_ONE_LINE = r"^[^\n\r]*$"
_NUMBER = frozenset("0123456789.-+")


def describe_range(schema: Mapping[str, Any]) -> Pair:
    """Return the permitted numbers of a JSON schema in parentheses; empty unless both ends are limited."""
    low, high = (schema.get(key, schema.get(f"exclusive{key.capitalize()}")) for key in ("minimum", "maximum"))
    if low is None or high is None or high >= 2**53:
        return "", ""
    above = ("大于 ", "more than ") if "exclusiveMinimum" in schema else ("", "")
    below = ("小于 ", "less than ") if "exclusiveMaximum" in schema else ("", "")
    return f"({above[0]}{low:.15g} 到 {below[0]}{high:.15g})", f" ({above[1]}{low:.15g} to {below[1]}{high:.15g})"


def describe_fault(kind: str, message: str, given: object, facts: _Facts, examples: list[Any]) -> Pair:
    """Return both texts. `kind`, `message`, `facts`: the type, message and context of pydantic's error.

    The Chinese is empty when `message` comes from our own validators, which use both languages.
    """
    if kind in _BY_KIND:
        return _BY_KIND[kind](facts)
    quoted = isinstance(given, str)
    match kind:
        case "string_pattern_mismatch" if facts.get("pattern") == _ONE_LINE:
            return "须在一行之内", "must be on one line"
        case "string_pattern_mismatch":
            return _with_example("写法不对,应", "is not written as it must be", examples)
        case "int_type" | "int_from_float" | "int_parsing":
            zh, en = "应为整数", "must be a valid integer"
            return _unquoted(zh, en, given, examples) if quoted else (zh, en)
        case "float_type" | "float_parsing":
            zh, en = "应为数字", "must be a valid number"
            return _unquoted(zh, en, given, examples) if quoted else (zh, en)
        case "bool_type" | "bool_parsing":
            more = (",不加引号", ", without quotation marks") if quoted else ("", "")
            return f"应为 true 或 false{more[0]}", f"must be true or false{more[1]}"
        case "string_type":
            return _with_example("应为加引号的文字", "must be text in quotation marks", examples)
        case "list_type" | "tuple_type":
            return _with_example("应为方括号里的一列", "must be a list in brackets", examples or [["…", "…"]])
        case "uuid_parsing" | "uuid_type":
            text = _with_example(
                "应为 UUID", "must be a valid UUID", examples or ["1ae1b83f-2b0d-41d8-8486-e4a5492b2ec0"]
            )
            return f"{text[0]}(命令 uuidgen 可生成)", f"{text[1]} (uuidgen generates one)"
        case _ if kind.startswith("date_"):
            return "应为日期,如 2026-12-31", "must be a valid date, for example 2026-12-31"
        case "model_type" | "model_attributes_type" | "dict_type":
            return "应为一节,或花括号里的几个键", "must be a section of its own, or keys in braces"
    return "", message


_BY_KIND: Mapping[str, Callable[[_Facts], Pair]] = {
    "missing": lambda _: ("必填", "is required"),
    "enum": lambda f: _one_of(f["expected"]),
    "literal_error": lambda f: _one_of(f["expected"]),
    "greater_than_equal": lambda f: (f"不能小于 {f['ge']:.15g}", f"must be greater than or equal to {f['ge']:.15g}"),
    "greater_than": lambda f: (f"须大于 {f['gt']:.15g}", f"must be greater than {f['gt']:.15g}"),
    "less_than_equal": lambda f: (f"不能大于 {f['le']:.15g}", f"must be less than or equal to {f['le']:.15g}"),
    "less_than": lambda f: (f"须小于 {f['lt']:.15g}", f"must be less than {f['lt']:.15g}"),
    "string_too_short": lambda f: (f"至少 {f['min_length']} 个字", _count("at least", f["min_length"], "character")),
    "string_too_long": lambda f: (f"最多 {f['max_length']} 个字", _count("at most", f["max_length"], "character")),
    "too_short": lambda f: (f"至少要有 {f['min_length']} 个", _count("at least", f["min_length"], "item")),
    "too_long": lambda f: (f"最多 {f['max_length']} 个", _count("at most", f["max_length"], "item")),
}


def _one_of(expected: str) -> Pair:
    return f"只能是 {expected.replace(' or ', ' 或 ')}", f"must be {expected}"


def _count(bound: str, count: int, what: str) -> str:
    return f"must have {bound} {count} {what}{'' if count == 1 else 's'}"


def _with_example(zh: str, en: str, examples: list[Any]) -> Pair:
    if not examples:
        return zh.removesuffix(",应"), en
    shown = [json.dumps(example, ensure_ascii=False) for example in examples if example != ""]
    empty = ("(或留空)", ", or empty") if "" in examples else ("", "")
    mark = "" if zh.endswith("应") else ","
    return f"{zh}{mark}如 {' 或 '.join(shown)}{empty[0]}", f"{en}, for example {' or '.join(shown)}{empty[1]}"


def _unquoted(zh: str, en: str, given: object, examples: list[Any]) -> Pair:
    """Describe a number in quotation marks."""
    text = str(given).strip()
    example = text if text and set(text) <= _NUMBER else str(examples[0]) if examples else ""
    like = (f",如 {example}", f", such as {example}") if example else ("", "")
    return f"{zh},不加引号{like[0]}", f"{en}, without quotation marks{like[1]}"


def describe_mistakes(mistakes: Sequence[Mistake]) -> Pair:
    """Return the texts for the mistakes of one line."""
    typed = list(dict.fromkeys(each for each in mistakes if each.kind in _TYPED))
    parts = [_MISTAKES[each.kind](each) for each in dict.fromkeys(mistakes) if each.kind not in _TYPED]
    if typed:
        zh = ";".join(_MISTAKES[each.kind](each)[0] for each in typed)
        en = ", ".join(_MISTAKES[each.kind](each)[1] for each in typed)
        parts.insert(0, (f"{zh}(请切换到英文输入法重打)", f"{en} (type it with an English keyboard)"))
    return ";".join(zh for zh, _ in parts), "; ".join(en for _, en in parts)


_TYPED = frozenset((MistakeKind.character, MistakeKind.space, MistakeKind.invisible, MistakeKind.quotes))
_MISTAKES: Mapping[MistakeKind, Callable[[Mistake], Pair]] = {
    MistakeKind.character: lambda m: (f"全角的 {m.found} 应为 {m.meant}", f"full-width {m.found} must be {m.meant}"),
    MistakeKind.space: lambda _: ("有全角空格,应为半角空格", "a full-width space must be a plain space"),
    MistakeKind.invisible: lambda m: (f"有看不见的字符 {m.found},应删掉", f"the invisible {m.found} must be deleted"),
    MistakeKind.quotes: lambda m: (f"引号 {m.found} 应为 {m.meant}", f"quotation marks {m.found} must be {m.meant}"),
    MistakeKind.open_quote: lambda _: (
        "引号不成对,请在这一行末尾补上",
        "has no closing quotation mark; add it at the end of this line",
    ),
    MistakeKind.colon: lambda m: (f"键和值之间的 {m.found} 应为 =", f"{m.found} between key and value must be ="),
    MistakeKind.text: lambda _: ('文字要加英文引号,如 "…"', 'text needs quotation marks, such as "…"'),
    MistakeKind.truth: lambda m: (
        f"应为 {m.meant},小写、不加引号",
        f"must be {m.meant}, in lower case without quotation marks",
    ),
    MistakeKind.unit: lambda m: (f"只写数字,不写单位:{m.meant}", f"must be the number without a unit: {m.meant}"),
    MistakeKind.date: lambda m: (f"日期应写成 {m.meant}", f"a date must be written as {m.meant}"),
}


def describe_repetition(repetition: Repetition, name: str, *, is_list: bool) -> Pair:
    """Return the texts. `is_list`: there may be several sections of this name."""
    first = repetition.first
    if repetition.is_section and is_list:
        return (
            f"第 {first} 行已有 [{name}];有几段时,每段都要写成 [[{name}]]",
            f"line {first} has [{name}] already; of several sections, each begins with [[{name}]]",
        )
    if repetition.is_section:
        return (
            f"第 {first} 行已有 [{name}] 这一节;请并到那里",
            f"line {first} has the section [{name}] already; move these keys there",
        )
    return f"第 {first} 行已经写过这个键;请删掉一行", f"line {first} has this key already; remove one of the two"


def describe_wide_characters(text: str) -> Pair:
    """Return what to add to the fault of a value that is plain only without its full-width characters, or nothing."""
    plain = "".join(map(to_plain, text))
    if plain == text or not plain.isascii():
        return "", ""
    return f"(含全角或看不见的字符,应如 {plain})", f" (contains full-width or invisible characters; such as {plain})"
