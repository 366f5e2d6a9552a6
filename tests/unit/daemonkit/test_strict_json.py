"""JSON that can be understood in two ways is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemonkit.web.strict_json import JsonRefused, check_json

text = st.text(st.characters(codec="utf-8"))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=20,
)


@given(values)
def test_what_json_writers_write_is_accepted(value: object) -> None:
    check_json(json.dumps(value, ensure_ascii=False).encode())


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"a": 1, "a": 2}', "a key is repeated"),
        (b'{"b": [{"a": 1, "\\u0061": 2}]}', "a key is repeated"),
        (b"[NaN]", "NaN"),
        (b"[-Infinity]", "Infinity"),
        (b"[" * 33 + b"]" * 33, "nested too deep"),
        (b'{"a":' * 100_000, "nested too deep"),
        (b'"\xff"', "not UTF-8"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b"\xff\xfe{\x00}\x00", "not UTF-8"),
        (b"", "not JSON"),
        (b"{} {}", "not JSON"),
        (b"'a'", "not JSON"),
        (b"1" * 5000, "not JSON"),
    ],
)
def test_anything_doubtful_is_refused_with_a_reason(body: bytes, reason: str) -> None:
    with pytest.raises(JsonRefused, match=reason):
        check_json(body)


def test_brackets_inside_a_text_are_no_nesting() -> None:
    check_json(b'["' + b'[{\\"' * 100 + b'"]')
    check_json(b"[" * 32 + b"]" * 32)
