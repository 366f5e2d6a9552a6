"""Each key has its line, in every form that TOML allows."""

import tomllib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemonkit.toml_lines import Path, find_lines

DOCUMENT = """\
top = 1  # [not a table]
"quoted key".'single' = 2

[site]
name = '''
three
lines'''
a.b.c = true
inline = { x = 1, "y\\u00e9" = [ { z = 2 }, { z = 3 } ] }

[[beacons]]
major = 1
[beacons.where]
floor = 2
[[beacons.notes]]
text = "a ] } # \\" '"
[[beacons.notes]]
text = \"\"\"ends with a quote\"\"\"\"

[[beacons]]
major = 2
many = [
  10,  # ten
  20,
  { deep = [
      30,
    ] },
]
when = 1979-05-27 07:32:00
[[beacons.notes]]
text = 'of the second'
"""


def test_each_form_of_key_has_its_line() -> None:
    lines = find_lines(DOCUMENT)
    expected = {
        ("top",): 1,
        ("quoted key", "single"): 2,
        ("site",): 4,
        ("site", "name"): 5,
        ("site", "a", "b", "c"): 8,
        ("site", "a", "b"): 8,
        ("site", "inline", "yé", 1, "z"): 9,
        ("beacons",): 11,
        ("beacons", 0): 11,
        ("beacons", 0, "where"): 13,
        ("beacons", 0, "where", "floor"): 14,
        ("beacons", 0, "notes", 1): 17,
        ("beacons", 0, "notes", 1, "text"): 18,
        ("beacons", 1): 20,
        ("beacons", 1, "major"): 21,
        ("beacons", 1, "many"): 22,
        ("beacons", 1, "many", 1): 24,
        ("beacons", 1, "many", 2, "deep", 0): 26,
        ("beacons", 1, "when"): 29,
        ("beacons", 1, "notes", 0, "text"): 31,
    }
    assert {path: lines.get(path) for path in expected} == expected


def test_no_key_of_the_document_is_missing() -> None:
    assert set(_paths(tomllib.loads(DOCUMENT))) == set(find_lines(DOCUMENT))


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_line_endings_of_other_systems_are_equal(ending: str) -> None:
    assert find_lines(DOCUMENT.replace("\n", ending)) == find_lines(DOCUMENT)


text = st.text(st.characters(codec="utf-8", exclude_characters="\x7f", min_codepoint=32), max_size=8)


@given(st.dictionaries(text, st.lists(text, max_size=3), max_size=6))
def test_any_quoted_key_and_text_is_found(content: dict[str, list[str]]) -> None:
    rows = [f"{_quoted(key)} = [{', '.join(map(_quoted, items))}]" for key, items in content.items()]
    lines = find_lines("\n".join(rows))
    assert {path: line for path, line in lines.items() if len(path) == 1} == {
        (key,): number for number, key in enumerate(content, 1)
    }
    assert set(lines) == set(_paths(tomllib.loads("\n".join(rows))))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _paths(value: object, path: Path = ()) -> Iterator[Path]:
    if path:
        yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _paths(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _paths(item, (*path, index))
