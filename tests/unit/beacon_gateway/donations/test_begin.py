"""A donation begins only with a valid permit and amount, and is on disk before its handoff."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beacon_gateway.donations.begin import Donations
from beacon_gateway.donations.offer import Offer
from beacon_gateway.donations.ports import (
    AmountOutOfRange,
    GiftState,
    PermitClosed,
    ProjectUnknown,
    Recorded,
    StoredIntent,
    StoreUnavailable,
)
from beacon_gateway.donations.settle import OpenIntents
from beacon_gateway.handoff.link import LinkHandoff
from beacon_gateway.handoff.ticket import TicketHandoff
from beacon_gateway.model.donations import Intent
from beacon_gateway.store.database import Database, open_database
from beacon_gateway.store.intents import Intents
from beacon_gateway.store.outbox import Outbox
from sync_contract.money import Money
from sync_contract.permit import PermitReason
from sync_contract.project import Project
from sync_contract.records import ClockReading, Door, IntentState, Outcome
from sync_contract.request_signature import Signer
from sync_contract.strict_model import Environment
from sync_contract.ticket import LATEST, parse
from tests.unit.beacon_gateway.donations.projects import INFORMATION_ONLY, LUNCH

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
CLOCK = ClockReading(wall=datetime(2026, 11, 24, tzinfo=UTC), boot="0" * 32, monotonic_ns=5, trusted=False)
NOW = datetime(2026, 11, 24, tzinfo=UTC)


class FullDisk:
    """An intent log whose disk refuses."""

    async def record(self, intent: Intent, *, key: str, clock: ClockReading) -> Recorded:
        raise StoreUnavailable("disk full")

    async def settle(self, intent: str, state: GiftState, *, cause: str) -> None:
        raise StoreUnavailable("disk full")

    async def find(self, intent: str) -> StoredIntent | None:
        raise StoreUnavailable("disk full")

    async def unsettled(self) -> dict[str, GiftState]:
        raise StoreUnavailable("disk full")


def donations(
    log: Intents | FullDisk,
    *,
    now: datetime | None = NOW,
    woken: list[int] | None = None,
    of: Project = LUNCH,
    clock: ClockReading = CLOCK,
) -> Donations:
    return Donations(
        environment=Environment.drill,
        projects=Offer([of, INFORMATION_ONLY], {}, now=lambda: now),
        log=log,
        handoff=TicketHandoff("http://127.0.0.1:8000/", lambda: Signer("0102030405060708", KEY)),
        open_intents=OpenIntents({}),
        read_clock=lambda: clock,
        recorded=lambda: woken.append(1) if woken is not None else None,
    )


async def give(to: Donations, project: str = "elder-lunch", fen: int = 3000, key: str = "k1") -> str:
    return (await to.begin(project, Money(fen), door=Door.touch, beacon=None, key=key)).url


async def states(database: Database) -> list[str]:
    return await database.read(lambda tables: [row["state"] for row in tables.select("intent_states")])


async def test_the_ticket_contains_the_recorded_intent(tmp_path: Path) -> None:
    woken: list[int] = []
    async with open_database(tmp_path / "g.db") as database:
        gift = await donations(Intents(database), woken=woken).begin(
            "elder-lunch", Money(3000), door=Door.touch, beacon=None, key="k1"
        )
        (parcel,) = await Outbox(database).waiting(parcels=2, size=1)
        again = await give(donations(Intents(database)))
    address, _, text = gift.url.rpartition("/T/")
    ticket = parse(text).verify(KEY.public_key())
    assert address == "http://127.0.0.1:8000"
    assert (ticket.intent, ticket.amount, ticket.clock_trusted) == (parcel.id, Money(3000), False)
    assert again == gift.url
    assert woken == [1]


async def test_a_clock_a_century_ahead_still_makes_a_code(tmp_path: Path) -> None:
    """The ticket does not state such a time as trusted."""
    async with open_database(tmp_path / "gateway.db") as database:
        ahead = ClockReading(wall=datetime(2199, 12, 31, tzinfo=UTC), boot="0" * 32, monotonic_ns=5, trusted=True)
        url = await give(donations(Intents(database), clock=ahead))
        ticket = parse(url.rpartition("/")[2]).verify(KEY.public_key())
    assert (ticket.clock_trusted, ticket.issued_at) == (False, LATEST)


async def test_unknown_projects_closed_permits_and_wrong_amounts_record_nothing(tmp_path: Path) -> None:
    async with open_database(tmp_path / "g.db") as database:
        giving = donations(Intents(database))
        with pytest.raises(ProjectUnknown):
            await give(giving, project="nothing-here")
        with pytest.raises(PermitClosed):
            await give(giving, project="info-only")
        for fen in (99, 100_001):
            with pytest.raises(AmountOutOfRange):
                await give(giving, fen=fen)
        with pytest.raises(PermitClosed):
            await give(donations(Intents(database), now=datetime(2040, 1, 1, tzinfo=UTC)))
        with pytest.raises(PermitClosed):
            await give(donations(Intents(database), now=None))
        assert await Outbox(database).waiting(parcels=1, size=1) == []


async def test_a_project_without_a_bank_is_closed_for_tickets_only(tmp_path: Path) -> None:
    elsewhere = LUNCH.model_copy(update={"elsewhere": True})
    reasons = [
        Offer([elsewhere], {}, now=lambda: NOW, by_ticket=by_ticket).judge(elsewhere) for by_ticket in (True, False)
    ]
    assert [each.reason for each in reasons] == [PermitReason.elsewhere, PermitReason.holds]
    assert elsewhere.judge(None).reason is PermitReason.time_uncertain, "the permit has precedence"
    async with open_database(tmp_path / "g.db") as database:
        with pytest.raises(PermitClosed) as closed:
            await give(donations(Intents(database), of=elsewhere))
        assert await Outbox(database).waiting(parcels=1, size=1) == []
    assert closed.value.reason is PermitReason.elsewhere


async def test_a_refusing_disk_prevents_the_handoff() -> None:
    woken: list[int] = []
    with pytest.raises(StoreUnavailable):
        await give(donations(FullDisk(), woken=woken))
    assert woken == []


async def test_an_outcome_is_recorded_once(tmp_path: Path) -> None:
    async with open_database(tmp_path / "g.db") as database:
        log = Intents(database)
        intents = OpenIntents({})
        giving = Donations(
            environment=Environment.drill,
            projects=Offer([LUNCH], {}, now=lambda: NOW),
            log=log,
            handoff=LinkHandoff("https://give.example/{project}?yuan={amount_yuan}&id={intent}"),
            open_intents=intents,
            read_clock=lambda: CLOCK,
            recorded=lambda: None,
        )
        gift = await giving.begin("elder-lunch", Money(3050), door=Door.touch, beacon=None, key="k1")
        assert gift.url == f"https://give.example/elder-lunch?yuan=30.50&id={gift.intent}"
        paid = Outcome(intent=gift.intent, state=IntentState.paid, slip="7F3A-K8YZ")
        assert await intents.settle([paid], log)
        assert not await intents.settle([paid], log)
        assert giving.state(gift.intent) == GiftState(IntentState.paid, "7F3A-K8YZ")
        assert intents.awaited(10) == {}
        assert await states(database) == ["paid"]


async def test_a_code_stays_in_memory(tmp_path: Path) -> None:
    async with open_database(tmp_path / "g.db") as database:
        log, intents = Intents(database), OpenIntents({})
        for intent in ("0" * 32, "1" * 32):
            intents.add(intent)
        assert intents.uncoded(10) == ["1" * 32, "0" * 32]
        coded = Outcome(intent="1" * 32, state=IntentState.registered, code="7F3A-K8YZ")
        assert await intents.settle([coded], log)
        assert not await intents.settle([coded], log)
        assert intents.state("1" * 32) == GiftState(IntentState.registered, code="7F3A-K8YZ")
        assert intents.uncoded(10) == ["0" * 32]
        assert await states(database) == []


async def test_an_unpaid_attempt_is_polled_until_the_next_attempt(tmp_path: Path) -> None:
    async with open_database(tmp_path / "g.db") as database:
        log, intent = Intents(database), "1" * 32
        intents = OpenIntents({intent: GiftState(IntentState.handed_off), "0" * 32: GiftState(IntentState.registered)})
        assert intents.tried(10) == {intent: False}
        assert await intents.settle([Outcome(intent=intent, state=IntentState.handed_off, ended=True)], log)
        assert (intents.tried(10), intents.state(intent).ended) == ({intent: True}, True)
        assert await intents.settle([Outcome(intent=intent, state=IntentState.handed_off)], log)
        assert intents.tried(10) == {intent: False}
        assert await states(database) == []


async def test_an_outcome_of_an_unknown_intent_changes_nothing(tmp_path: Path) -> None:
    async with open_database(tmp_path / "g.db") as database:
        assert not await OpenIntents({}).settle([Outcome(intent="0" * 32, state=IntentState.paid)], Intents(database))
