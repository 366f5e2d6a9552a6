"""Only the bank's authentic notification makes a gift paid: forged and invalid ones change nothing."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central_server.bank_emulator.keys import open_keys
from central_server.store.donations import attempts, intents
from central_server.store.donations.attempts import Attempt
from central_server.store.ledger import ledger_lines
from tests.fakes.central_process import RunningBank, RunningCentral, running_bank
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donor import Donor
from tests.unit.central_server.donations.test_giving import everything

DOMAIN = b"sandbox notification v1\0"


@pytest.fixture
async def bank(tmp_path: Path) -> AsyncIterator[RunningBank]:
    """A bank that sends no notifications."""
    async with running_bank(tmp_path / "bank", gaps_min=()) as bank:
        yield bank


class Notifier:
    """Sends authentic and forged notifications."""

    def __init__(self, session: aiohttp.ClientSession, url: str, key: Ed25519PrivateKey) -> None:
        self.session, self.url, self.key = session, f"{url}/bank/sandbox/notify", key

    async def send(
        self,
        body: bytes,
        *,
        key: Ed25519PrivateKey | None = None,
        domain: bytes = DOMAIN,
        content_type: str = "application/json",
        signed: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> int:
        signature = (key or self.key).sign(domain + (body if signed is None else signed))
        sent = {"Content-Type": content_type, "Sandbox-Signature": b64encode(signature).decode()} | (headers or {})
        async with self.session.post(self.url, data=body, headers=sent) as answer:
            return answer.status


@pytest.fixture
def notifier(session: aiohttp.ClientSession, central: RunningCentral, bank: RunningBank) -> Notifier:
    return Notifier(session, central.url, open_keys(bank.state).signing)


@pytest.fixture
async def attempt(central: RunningCentral, gateway: DeliveringGateway, donor: Donor) -> Attempt:
    """Return an attempt that was sent to the bank and is unpaid."""
    parcel = gateway.intent()
    await gateway.deliver([parcel])
    await donor.press(await donor.open(f"{central.url}/t/{gateway.ticket(parcel)}"))
    async with central.database() as database, database.read() as connection:
        return (await attempts.of_intent(connection, gateway.id, parcel.id))[0]


def notification(attempt: Attempt, **changes: Any) -> bytes:
    fields = {
        "id": "N1",
        "order": attempt.id,
        "status": "paid",
        "amount_minor": 5000,
        "currency": "CNY",
        "payment": "P1",
    }
    return json.dumps({name: value for name, value in (fields | changes).items() if value is not None}).encode()


async def test_an_authentic_notification_is_posted_once(
    central: RunningCentral, gateway: DeliveringGateway, attempt: Attempt, notifier: Notifier
) -> None:
    assert set(await asyncio.gather(*(notifier.send(notification(attempt)) for _ in range(20)))) == {200}
    assert await notifier.send(notification(attempt, id="N2")) == 200
    async with central.database() as database, database.read() as connection:
        lines = await ledger_lines.of_intent(connection, gateway.id, attempt.intent)
        intent = await intents.get(connection, gateway.id, attempt.intent)
    assert intent is not None
    assert [(line.kind, line.amount_minor, line.late) for line in lines] == [("paid", 5000, False)]
    assert (intent.state, intent.slip) == ("paid", lines[0].slip)
    assert len((await everything(central))["notifications"]) == 2


Sent = tuple[bytes, dict[str, Any]]


def forged(attempt: Attempt) -> list[Sent]:
    """Valid content with a signature, a header or an encoding that is not the bank's."""
    good = notification(attempt)
    odd: tuple[dict[str, Any], ...] = (
        {"key": Ed25519PrivateKey.generate()},
        {"domain": b"sandbox answer v1\0"},
        {"domain": b""},
        {"signed": notification(attempt, amount_minor=1)},
        {"signed": b""},
        {"headers": {"Sandbox-Signature": ""}},
        {"headers": {"Sandbox-Signature": "AAAA"}},
        {"headers": {"Sandbox-Signature": "é"}},
        {"headers": {"Sandbox-Signature": b64encode(bytes(64)).decode()}},
        {"content_type": "text/plain"},
        {"content_type": "application/json; charset=utf-8"},
        {"content_type": "application/x-www-form-urlencoded"},
        {"headers": {"Content-Encoding": "gzip"}},
    )
    return [(good + b" ", {"signed": good}), *((good, how) for how in odd)]


def invalid(attempt: Attempt) -> list[bytes]:
    """Bodies, signed by the bank, that do not describe the attempt's payment."""
    good = notification(attempt)
    fields: tuple[dict[str, Any], ...] = (
        {"more": 1},
        *({name: None} for name in ("id", "order", "status", "amount_minor", "currency", "payment")),
        *({"order": order} for order in ("0" * 32, attempt.id.upper(), attempt.intent, [attempt.id])),
        *({"status": status} for status in ("open", "failed", "PAID", True)),
        *({"amount_minor": minor} for minor in (4999, 5001, 50, 0, -5000, 5000.0, "5000", 5000.5, 10**30)),
        *({"currency": currency} for currency in ("USD", "cny", "156")),
        *({"id": id_} for id_ in ("", "N 1", "N" * 65, 1)),
        {"payment": "P\n1"},
    )
    return [
        *(b"", b"{}", b"[]", b"null", b"\xff", b"[" * 5000, good + b"x", good + b" " * 9000),
        *(good.replace(b"5000", b"NaN"), good.replace(b"5000", b"5e3")),
        good.replace(b'"amount_minor"', b'"amount_minor": 5000, "amount_minor"'),
        *(notification(attempt, **changed) for changed in fields),
    ]


async def test_a_forged_or_invalid_notification_changes_nothing(
    central: RunningCentral, attempt: Attempt, notifier: Notifier, bank: RunningBank
) -> None:
    before = await everything(central)
    sent = [*forged(attempt), *((body, {}) for body in invalid(attempt))]
    assert len(sent) >= 55
    for body, how in sent:
        status = await notifier.send(body, **how)
        assert 400 <= status < 500, (body[:200], how, status)
    assert await everything(central) == before


async def test_a_notification_number_with_other_content_is_refused(
    central: RunningCentral, attempt: Attempt, notifier: Notifier
) -> None:
    assert await notifier.send(notification(attempt)) == 200
    before = await everything(central)
    assert await notifier.send(notification(attempt, payment="P2")) == 400
    assert await everything(central) == before


async def test_a_lost_notification_is_found_by_query(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor, attempt: Attempt, bank: RunningBank
) -> None:
    back = await donor.press(await donor.open(f"{bank.url}/pay/{attempt.id}"), decision="confirm")
    assert "Thank you" not in back.text()
    async with asyncio.timeout(60):
        while "Thank you" not in back.text():
            await asyncio.sleep(0.05)
            back = await donor.open(back.url)
    async with central.database() as database, database.read() as connection:
        history = await intents.history(connection, gateway.id, attempt.intent)
        lines = await ledger_lines.of_intent(connection, gateway.id, attempt.intent)
    assert history[-1].cause == "query"
    assert len(lines) == 1


async def test_coming_back_from_the_bank_proves_nothing(
    central: RunningCentral, donor: Donor, attempt: Attempt
) -> None:
    page = await donor.open(f"{central.url}/g/{attempt.return_nonce}")
    assert "Waiting for the bank" in page.text()
    async with central.database() as database, database.read() as connection:
        assert (await attempts.get(connection, attempt.id)).state == "sent"  # type: ignore[union-attr]  # it is there
