"""The ticket's raw, its text, and what is refused."""

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
import segno
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from sync_contract.beacon_identity import BeaconId
from sync_contract.money import Money
from sync_contract.strict_model import Environment
from sync_contract.ticket import MAX_TEXT, Ticket, TicketRefused, encode, parse

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
BEACON = BeaconId(UUID("5f0d6d46-3c9a-4d6e-9f8e-0c1d2e3f4a5b"), 1, 65535)
VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "ticket.json").read_text("utf-8"))

tickets = st.builds(
    Ticket,
    environment=st.sampled_from(Environment),
    gateway=st.binary(min_size=8, max_size=8).map(bytes.hex),
    intent=st.binary(min_size=16, max_size=16).map(bytes.hex),
    project=st.from_regex(r"[a-z0-9]([a-z0-9-]{0,14}[a-z0-9])?", fullmatch=True),
    amount=st.integers(1, 10**9).map(Money),
    beacon=st.none() | st.builds(BeaconId, st.uuids(), st.integers(0, 65535), st.integers(0, 65535)),
    issued_at=st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1)).map(  # noqa: DTZ001 - made aware in the next step
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


def test_the_longest_ticket_fits_a_qr_of_version_10_at_level_m() -> None:
    longest = Ticket(
        Environment.real, "ff" * 8, "ff" * 16, "x" * 16, Money(10**9), BEACON, datetime(2026, 1, 1, tzinfo=UTC), True, 9
    )
    address = "HTTPS://GIVE.A-LONG-NAME-OF-A-STREET-OFFICE.QUANZHOU.GOV.CN/T/"
    code = segno.make(address + encode(longest, KEY), error="m", boost_error=False, micro=False)
    assert (code.mode, code.version) == ("alphanumeric", 10)
