"""The ticket's bytes, its text, its code, and what is refused."""

import json
import re
from base64 import b32decode, b32encode
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from kiosk_ui.qr import qr_svg
from sync_contract.beacon_identity import BeaconId
from sync_contract.code_address import in_capitals
from sync_contract.money import Money
from sync_contract.project import MAX_FEN
from sync_contract.strict_model import Environment
from sync_contract.ticket import MAX_TEXT, Ticket, TicketRefused, encode, parse

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
BEACON = BeaconId(UUID("5f0d6d46-3c9a-4d6e-9f8e-0c1d2e3f4a5b"), 1, 65535)
VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "ticket.json").read_text("utf-8"))

tickets = st.builds(
    Ticket,
    environment=st.sampled_from(Environment),
    intent=st.binary(min_size=16, max_size=16).map(bytes.hex),
    project=st.from_regex(r"[a-z0-9]([a-z0-9-]{0,14}[a-z0-9])?", fullmatch=True),
    amount=st.integers(1, MAX_FEN).map(Money),
    beacon=st.none() | st.builds(BeaconId, st.uuids(), st.integers(0, 65535), st.integers(0, 65535)),
    issued_at=st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2106, 1, 1)).map(  # noqa: DTZ001 - made aware in the next step
        lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
    ),
    clock_trusted=st.booleans(),
    catalogue_version=st.integers(0, 2**32 - 1),
)


@given(tickets)
def test_what_a_gateway_signs_the_server_reads(ticket: Ticket) -> None:
    text = encode(ticket, KEY)
    assert len(text) <= MAX_TEXT
    assert parse(text).verify(KEY.public_key()) == ticket
    assert parse(text.lower()).verify(KEY.public_key()) == ticket


@given(tickets, st.data())
def test_no_altered_ticket_passes(ticket: Ticket, data: st.DataObject) -> None:
    text = encode(ticket, KEY)
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567").filter(lambda letter: letter != text[at]))
    with pytest.raises(TicketRefused):
        parse(text[:at] + other + text[at + 1 :]).verify(KEY.public_key())


@given(st.text(max_size=300) | st.binary(max_size=160).map(lambda raw: raw.hex().upper()))
def test_foreign_text_is_refused_and_never_an_error(text: str) -> None:
    with pytest.raises(TicketRefused):
        parse(text)


def test_another_key_does_not_vouch() -> None:
    text = VECTORS["vectors"][0]["text"]
    with pytest.raises(TicketRefused, match="another key"):
        parse(text).verify(Ed25519PrivateKey.generate().public_key())


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: vector["name"])
def test_the_published_vectors_hold(vector: dict[str, object]) -> None:
    fields = dict(vector["ticket"])  # type: ignore[call-overload] # JSON
    beacon = fields.pop("beacon")
    ticket = Ticket(
        **{
            **fields,
            "environment": Environment(fields["environment"]),
            "amount": Money(fields["amount"]),
            "issued_at": datetime.fromisoformat(fields["issued_at"]),
            "beacon": BeaconId(UUID(beacon[0]), beacon[1], beacon[2]) if beacon else None,
        }
    )
    assert encode(ticket, KEY) == vector["text"]


LONGEST = Ticket(
    Environment.real, "ff" * 16, "x" * 16, Money(MAX_FEN), BEACON, datetime(2106, 1, 1, tzinfo=UTC), True, 2**32 - 1
)


@pytest.mark.parametrize(("letters", "modules"), [(16, 49), (40, 49), (62, 53)])
def test_a_reader_finds_the_longest_ticket_in_a_code_of_few_modules(letters: int, modules: int) -> None:
    address = f"https://{'give.example.org'.rjust(letters, 'g')}/t/{encode(LONGEST, KEY)}"
    code = qr_svg(in_capitals(address))
    side = int(re.search(r'viewBox="0 0 (\d+) \1"', code)[1])  # type: ignore[index] # it is there, or this fails
    assert side - 8 <= modules
    (found,) = zxingcpp.read_barcodes(drawn(code, side))
    assert found.text == f"https://{address[8:].upper()}"
    assert parse(found.text.rpartition("/T/")[2]).verify(KEY.public_key()) == LONGEST


def drawn(code: str, side: int) -> Image.Image:
    """Return the picture of an SVG whose only path has horizontal strokes, as segno writes it."""
    picture = Image.new("L", (side, side), 255)
    x, y = 0, 0.0
    for step, first, second in re.findall(r"([MmhH])(-?[\d.]+)(?: (-?[\d.]+))?", code[code.rindex(' d="') :]):
        if step in "Mm":
            x, y = (int(first), float(second)) if step == "M" else (x + int(first), y + float(second))
        else:
            ImageDraw.Draw(picture).line((x, int(y), x + int(first) - 1, int(y)), fill=0)
            x += int(first)
    return picture.resize((side * 4, side * 4), Image.Resampling.NEAREST)


@pytest.mark.parametrize(
    "changes",
    [
        {"project": ""},
        {"project": "x" * 17},
        {"intent": "ff" * 15},
        {"amount": Money(2**32)},
        {"amount": Money(1, "USD")},
        {"issued_at": datetime(2107, 1, 1, tzinfo=UTC)},
        {"issued_at": datetime(1969, 1, 1, tzinfo=UTC)},
        {"catalogue_version": 2**32},
    ],
)
def test_what_a_ticket_cannot_hold_is_refused_before_it_is_signed(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"ticket|project id|intent id"):
        encode(replace(LONGEST, **changes), KEY)


@pytest.mark.parametrize(
    ("reason", "alter"),
    [
        ("unknown", lambda raw: bytes([raw[0] | 0x08]) + raw[1:]),
        ("unknown", lambda raw: bytes([raw[0] ^ 0x30]) + raw[1:]),
        ("does not fit", lambda raw: bytes([raw[0] & ~4]) + raw[1:]),
        ("does not fit", lambda raw: raw[:57] + raw[-64:]),
        ("too short", lambda raw: raw[:37] + raw[-64:]),
        ("does not fit", lambda raw: raw[:57] + b"\xe9" + raw[-64:]),
        ("too long", lambda raw: raw[:57] + b"x" * 17 + raw[-64:]),
        ("signature", lambda raw: raw[:57] + b"y" + raw[58:]),
        ("signature", lambda raw: raw[:-64] + bytes(64)),
    ],
)
def test_a_hostile_ticket_is_refused_with_its_reason(reason: str, alter: Callable[[bytes], bytes]) -> None:
    raw = b32decode(encode(LONGEST, KEY) + "====")
    with pytest.raises(TicketRefused, match=reason):
        parse(b32encode(alter(raw)).rstrip(b"=").decode()).verify(KEY.public_key())
