"""One word for each thing in every catalogue (docs/ui_terms.md), and one kind of quotation mark per language."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
ENGLISH, SIMPLIFIED, TRADITIONAL = "en", "zh-Hans", "zh-Hant"
LANGUAGES = (ENGLISH, SIMPLIFIED, TRADITIONAL)
PACKAGES = ("beacon_gateway", "central_server", "daemonkit", "kiosk_ui", "volunteering")
NOT_OURS = {
    "common_passwords.py",
    "breached_passwords.txt",
    "statement.py",
    "statement_summary.py",
    "settings_addresses.py",
}
"""Guessable passwords, the bank's own words in its files, and the user name of an address."""
NAMES = frozenset(["project", "payee", "place", "did", "day", "opens", "closes", "at", "due"])
"""Placeholders that stand for words, or for dates, which Chinese writes without spaces."""
CHINESE = r"[\u3400-\u9fff]"


def terms() -> list[list[str]]:
    """Return the rows of the table: three words, then their refused second words."""
    lines = (ROOT / "docs/ui_terms.md").read_text("utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    assert all(len(row) == 6 for row in rows)
    return rows[2:]


def catalogue_texts(language: str) -> Iterator[tuple[str, str]]:
    """Yield each text with its place. The English ones are the keys."""
    paths = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("messages.po"))]
    assert len(paths) >= 6
    for path in paths:
        if (SIMPLIFIED if language == ENGLISH else language) in path.parts:
            with path.open("rb") as file:
                for message in read_po(file):
                    if message.id:
                        text = str(message.id if language == ENGLISH else message.string)
                        yield f"{path.relative_to(ROOT)}: {message.id}", re.sub(r"%\((\w+)\)s", filled_in, text)


def filled_in(placeholder: re.Match[str]) -> str:
    """Return an example of a number, sum or duration, and `%` for a name, which needs no space."""
    return "%" if placeholder[1] in NAMES else "7 天" if placeholder[1] == "duration" else "7"


def sources() -> Iterator[Path]:
    """Yield the files of our programs, whose command lines, settings and sheets are worded in Chinese too."""
    for package in (*PACKAGES, "config", "miniprogram"):
        for kind in ("*.py", "*.html", "*.txt", "*.js", "*.toml"):
            yield from (path for path in (ROOT / package).rglob(kind) if path.name not in NOT_OURS)


def pattern(word: str) -> str:
    return rf"\b{re.escape(word)}\b" if word.isascii() else re.escape(word)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_uses_a_second_word_for_a_thing(language: str) -> None:
    column = 3 + LANGUAGES.index(language)
    refused = [word for row in terms() for word in row[column].split(", ") if word]
    expression = re.compile("|".join(map(pattern, refused)), re.IGNORECASE)
    found = [f"{place}: {match[0]}" for place, text in catalogue_texts(language) if (match := expression.search(text))]
    assert not found, "\n".join(found)


def test_programs_use_no_second_word_in_chinese() -> None:
    chosen = {word for row in terms() for cell in row[:3] for word in cell.split(", ")}
    refused = {word for row in terms() for cell in row[4:] for word in cell.split(", ") if word} - chosen
    expression = re.compile("|".join(map(pattern, (word for word in refused if not word.isascii()))))
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in sources()
        for match in expression.finditer(path.read_text("utf-8"))
    ]
    assert not found, "\n".join(found)


def test_a_term_is_not_another_terms_second_word() -> None:
    for offset, _ in enumerate(LANGUAGES):
        chosen = {word for row in terms() for word in row[offset].split(", ")}
        refused = {word for row in terms() for word in row[offset + 3].split(", ")}
        assert not chosen & refused


@pytest.mark.parametrize(
    ("language", "refused"), [(ENGLISH, "「」『』\"'‘"), (SIMPLIFIED, "「」『』\"'‘’"), (TRADITIONAL, "“”‘’\"'")]
)
def test_each_language_has_one_kind_of_quotation_mark(language: str, refused: str) -> None:
    for place, text in catalogue_texts(language):
        quoted = re.sub(r"\w'|[A-Za-z]’s", "", text)  # an apostrophe
        assert not set(quoted) & set(refused), place


@pytest.mark.parametrize("language", [SIMPLIFIED, TRADITIONAL])
def test_chinese_and_latin_are_spaced_and_brackets_are_full_width(language: str) -> None:
    for place, text in catalogue_texts(language):
        assert not re.search(rf"{CHINESE}[A-Za-z0-9]|[A-Za-z0-9]{CHINESE}", text), place
        assert not re.search(rf"{CHINESE}\(|\){CHINESE}", text), place
