"""Test telephone numbers: configured, displayed and dialled."""

import pytest
from pydantic import TypeAdapter, ValidationError

from kiosk_ui.telephone import Telephone, dialled, groups


@pytest.mark.parametrize(
    ("written", "read", "called"),
    [
        ("0595-2269 0000", "0595 2269 0000", "059522690000"),
        ("059522690000", "0595 2269 0000", "059522690000"),
        ("(0595) 226-0000", "0595 226 0000", "05952260000"),
        ("01065000000", "010 6500 0000", "01065000000"),
        ("13800000000", "138 0000 0000", "13800000000"),
        ("+8613800000000", "+86 138 0000 0000", "+8613800000000"),
        ("+8659522690000", "+86 595 2269 0000", "+8659522690000"),
        ("4001234567", "400 123 4567", "4001234567"),
        ("22690000", "2269 0000", "22690000"),
        ("12345", "12345", "12345"),
        ("+44 20 7946 0000", "+44 20 7946 0000", "+442079460000"),
        ("0595-22690000-8012", "0595 2269 0000 8012", "059522690000"),
        ("", "", ""),
    ],
)
def test_a_number_is_read_in_groups_and_dialled_without_its_extension(written: str, read: str, called: str) -> None:
    assert (" ".join(groups(written)), dialled(written)) == (read, called)


@pytest.mark.parametrize(("written", "good"), [("", True), ("12345", True), (" - ", False), ("call us", False)])
def test_what_cannot_be_dialled_is_not_taken_for_a_number(written: str, good: bool) -> None:
    if good:
        assert TypeAdapter(Telephone).validate_python(written) == written
    else:
        with pytest.raises(ValidationError, match="of digits, spaces"):
            TypeAdapter(Telephone).validate_python(written)
