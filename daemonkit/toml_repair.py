"""Find typical input mistakes in a text that is not TOML, and repair them to go on reading; files are never changed."""

import re
from dataclasses import dataclass
from enum import Enum, auto

from daemonkit.toml_lines import STRING


class MistakeKind(Enum):
    character = auto()
    """A full-width character, `found`, where TOML needs `meant`."""
    space = auto()
    """A space that is not U+0020."""
    invisible = auto()
    """A character without a width; `found` is its code point."""
    quotes = auto()
    """Quotation marks of another kind: `found` is such as “…”, `meant` is "…"."""
    open_quote = auto()
    """A text that has no closing quotation mark on its line."""
    colon = auto()
    """A colon between key and value."""
    text = auto()
    """A text without quotation marks. It may be a secret: it is not part of the mistake."""
    truth = auto()
    """Another word for true or false; `meant` is the right one."""
    unit = auto()
    """A number with a unit; `meant` is the number."""
    date = auto()
    """A date in another form; `meant` is the right form."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """`line` counts from 1. `inside`: in an array or inline table that a key of an earlier line may have begun."""

    kind: MistakeKind
    line: int
    inside: bool
    found: str = ""
    meant: str = ""


_PLAIN = {"【": "[", "】": "]", "〔": "[", "〕": "]", "、": ",", "。": ".", **dict.fromkeys("‐‑‒–—−", "-")}
_PLAIN |= {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_SPACES = frozenset("\u3000\u00a0\u2002\u2003\u2009\u202f")
_INVISIBLE = frozenset("\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad")
_DOUBLE, _SINGLE = "“”„‟＂", "‘’‚‛＇"
_QUOTED = re.compile(
    rf"[{_DOUBLE}](?P<a>[^{_DOUBLE}\"\n]*)[{_DOUBLE}\"]"
    rf"|[{_SINGLE}](?P<b>[^{_SINGLE}'\n]*)[{_SINGLE}']"
    rf"|\"(?P<c>[^{_DOUBLE}\"\n]*)[{_DOUBLE}]"
    rf"|'(?P<d>[^{_SINGLE}'\n]*)[{_SINGLE}]"
    r"|「(?P<e>[^」\n]*)」|『(?P<f>[^』\n]*)』"
)
_ENDS_VALUE = re.compile(r"[ \t\u3000]*(?:[,\]}，、］｝#＃\n]|$)")
_MAX_RUN = 20
_MARKS = frozenset(f"{_DOUBLE}{_SINGLE}「『\"'")
_COMMENT = re.compile(r"[^\n]*")
_ENDS_WORD = r"\n\[\]{},#=\"'，、＃［］｛｝＝【】「『" + _DOUBLE + _SINGLE
_WORD = re.compile(rf"[^\s{_ENDS_WORD}][^{_ENDS_WORD}]*")
_NUMBER = r"[-+]?[0-9][0-9_]*(?:\.[0-9_]+)?(?:[eE][-+]?[0-9]+)?"
_SCALAR = re.compile(
    rf"{_NUMBER}|[-+]?(?:inf|nan)|0x[0-9A-Fa-f_]+|0o[0-7_]+|0b[01_]+|true|false"
    r"|\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[-+]\d\d:\d\d)?)?|\d\d:\d\d:\d\d(?:\.\d+)?"
)
_WITH_UNIT = re.compile(rf"({_NUMBER})\s*(?:[^\W\d_]{{1,4}}|%|°)")
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_TEXT = re.compile(r"[^\W\d_]|[:/@]|\..*\.")
_TRUE = frozenset(("true", "yes", "on", "是", "开", "真", "对"))
_FALSE = frozenset(("false", "no", "off", "否", "关", "假", "不"))


def repair(text: str) -> tuple[str, tuple[Mistake, ...]]:
    """Return the text with every mistake that was found replaced, and the mistakes in order. Lines stay the same.

    Contents of strings and comments are not examined. The result need not be TOML.
    """
    run = _Repair(text)
    while run.at < len(text):
        run.step()
    return "".join(run.output), tuple(run.mistakes)


class _Repair:
    def __init__(self, text: str) -> None:
        self.at = 0
        self.output: list[str] = []
        self.mistakes: list[Mistake] = []
        self._text = text
        self._line = 1
        self._open: list[str] = []
        self._in_header = False
        self._is_key = True
        self._last_end = -1

    def step(self) -> None:
        char = self._text[self.at]
        if char in "#＃":
            self._character(char)
            self._copy(_COMMENT)
        elif char == "\n":
            self._newline()
        elif char in _MARKS:
            self._quoted()
        elif char in " \t\r":
            self._advance(char, char)
        elif not self._is_key and not self._in_header and (word := _WORD.match(self._text, self.at)):
            self._value(word[0])
        else:
            self._structure(char)

    def _newline(self) -> None:
        self._advance("\n", "\n")
        self._line += 1
        if not self._open:
            self._is_key, self._in_header = True, False

    def _quoted(self) -> None:
        mixed = _QUOTED.match(self._text, self.at)
        ours = STRING.match(self._text, self.at)
        if ours is not None and not (mixed is not None and _ENDS_VALUE.match(self._text, mixed.end())):
            self._advance(ours[0], ours[0])
            self._line += ours[0].count("\n")
        elif mixed is not None:
            shown = f"{mixed[0][0]}…{mixed[0][-1]}"
            self._note(MistakeKind.quotes, shown, '"…"')
            self._advance(mixed[0], _quote(next(part for part in mixed.groups() if part is not None)))
        else:
            self._note(MistakeKind.open_quote)
            rest = _COMMENT.match(self._text, self.at)
            assert rest is not None, "matches any text"
            self._advance(rest[0], _quote(rest[0][1:].rstrip()))

    def _value(self, word: str) -> None:
        """Read a value without quotation marks."""
        stripped = word.rstrip()
        plain = "".join(to_plain(char) for char in stripped)
        if _SCALAR.fullmatch(plain):
            for char in stripped:
                self._character(char)
            return
        kind, meant, replacement = _classify(plain)
        if kind is None:
            for char in stripped:
                self._character(char)
            return
        self._note(kind, "" if kind is MistakeKind.text else stripped, meant)
        self._advance(stripped, replacement)

    def _structure(self, char: str) -> None:
        plain = to_plain(char)
        if plain == "[" and not self._open and self._is_key:
            self._in_header = True
        elif self._in_header:
            pass
        elif plain in ("[", "{"):
            self._open.append(plain)
            self._is_key = plain == "{"
        elif plain in ("]", "}"):
            del self._open[-1:]
            self._is_key = False
        elif plain == ",":
            self._is_key = self._open[-1:] == ["{"]
        elif plain == ":" and self._is_key:
            self._note(MistakeKind.colon, char)
            self._advance(char, "=")
            self._is_key = False
            return
        elif plain == "=":
            self._is_key = False
        self._character(char)

    def _character(self, char: str) -> None:
        """Copy a character, replaced if TOML does not know it; neighbours of one kind make one mistake."""
        plain = to_plain(char)
        if plain != char:
            kind = MistakeKind.space if char in _SPACES else MistakeKind.character
            found, meant = char, plain
            if char in _INVISIBLE:
                kind, found = MistakeKind.invisible, f"U+{ord(char):04X}"
            last = self.mistakes[-1] if self.mistakes else None
            if last is not None and self._last_end == self.at and last.kind is kind and self._joins(last):
                self.mistakes.pop()
                found, meant = last.found + found, last.meant + meant
            self._note(kind, found, meant)
        self._advance(char, plain)
        self._last_end = self.at if plain != char else -1

    @staticmethod
    def _joins(last: Mistake) -> bool:
        return last.kind is MistakeKind.character and len(last.found) < _MAX_RUN

    def _note(self, kind: MistakeKind, found: str = "", meant: str = "") -> None:
        self.mistakes.append(Mistake(kind, self._line, bool(self._open), found, meant))

    def _copy(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self._text, self.at)
        assert found is not None, "matches any text"
        self._advance(found[0], found[0])

    def _advance(self, taken: str, replacement: str) -> None:
        self.output.append(replacement)
        self.at += len(taken)


def _classify(word: str) -> tuple[MistakeKind | None, str, str]:
    """Return the mistake of a value that is not one of TOML, the meant value, and what to read instead."""
    if word.lower() in _TRUE | _FALSE:
        meant = "true" if word.lower() in _TRUE else "false"
        return MistakeKind.truth, meant, meant
    if date := _DATE.fullmatch(word):
        meant = f"{date[1]}-{date[2]:0>2}-{date[3]:0>2}"
        return MistakeKind.date, meant, meant
    if number := _WITH_UNIT.fullmatch(word):
        return MistakeKind.unit, number[1], number[1]
    if _TEXT.search(word):
        return MistakeKind.text, "", _quote(word)
    return None, "", ""


def to_plain(char: str) -> str:
    """Return the ASCII character that is meant by one of a Chinese keyboard; empty for an invisible one."""
    if char in _SPACES:
        return " "
    return "" if char in _INVISIBLE else _PLAIN.get(char, char)


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
