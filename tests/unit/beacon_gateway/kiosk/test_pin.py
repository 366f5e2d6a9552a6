"""Test the PIN of the screen and its guests."""

import re

import pytest

from beacon_gateway.kiosk.pin import GUEST_S, MAX_GUESTS, MAX_TRIES, MAX_WRONG_PEERS, VALID_S, Guests, Pins


def test_a_pin_lasts_ten_minutes_and_another_one_takes_its_place() -> None:
    at = 0.0
    pins = Pins(now=lambda: at)
    assert not pins.accept("------", "a")
    pins.create()
    first = pins.current()
    assert first is not None
    assert re.fullmatch(r"[0-9]{6}", first[0])
    at = VALID_S - 1
    assert pins.current() == (first[0], 1.0)
    at = VALID_S
    assert pins.current() is None
    assert not pins.accept(first[0], "a")
    pins.create()
    second = pins.current()
    pins.create()
    assert second is not None
    assert pins.current() != second
    assert not pins.accept(second[0], "a")


def test_one_peer_makes_a_pin_void_for_itself_and_many_for_all() -> None:
    pins = Pins()
    pins.create()
    digits = pins.current()[0]  # type: ignore[index]  # it was just made
    for peer in range(MAX_WRONG_PEERS - 1):
        for _ in range(MAX_TRIES):
            assert not pins.accept("wrong", f"{peer}")
        assert not pins.accept(digits, f"{peer}")
    assert pins.current() is not None
    assert not pins.accept("wrong", "one more")
    assert pins.current() is None


def test_pins_differ() -> None:
    pins, seen = Pins(), set()
    for _ in range(50):
        pins.create()
        seen.add(pins.current()[0])  # type: ignore[index]  # it was just made
    assert len(seen) > 45


@pytest.mark.parametrize("text", ["", "12345", "1234567", "１２３４５６", "abc", "\x00" * 6, "9" * 10_000])
def test_an_invalid_pin_is_a_wrong_one(text: str) -> None:
    pins = Pins()
    pins.create()
    assert not pins.accept(text, "a")


def test_a_guest_keeps_the_address_and_goes_after_a_working_day() -> None:
    at = 0.0
    guests = Guests(now=lambda: at)
    guest = guests.open("192.168.1.7")
    assert guests.find(guest.token, "192.168.1.7") == guest
    assert guests.find(guest.token, "192.168.1.8") is None
    assert guests.find("", "192.168.1.7") is None
    for number in range(MAX_GUESTS):
        guests.open(f"192.168.2.{number}")
    assert guests.find(guest.token, "192.168.1.7") is None, "there are never more than so many"
    last = guests.open("192.168.1.9")
    at = GUEST_S
    assert guests.find(last.token, "192.168.1.9") is None
    assert guests.all() == ()
