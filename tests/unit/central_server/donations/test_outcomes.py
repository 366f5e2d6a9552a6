"""Outcomes: a waiting gateway receives the state of its own intents, and no others."""

import asyncio
import time

import aiohttp

from tests.fakes.central_process import RunningCentral
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donor import Donor
from tests.unit.central_server.conftest import enrolled

PATH = "/api/v1/outcomes"


async def test_a_waiting_gateway_receives_the_payment_at_once(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    parcel = gateway.intent()
    await gateway.deliver([parcel])
    at_bank = await donor.press(await donor.open(f"{central.url}/t/{gateway.ticket(parcel)}"))
    waiting = asyncio.create_task(gateway.get(PATH, f"known={parcel.id}:handed_off&wait=25"))
    await donor.press(at_bank, decision="confirm")
    paid_at = time.monotonic()
    status, answer = await waiting
    assert status == 200
    assert time.monotonic() - paid_at < 20  # it would have waited for 25
    (outcome,) = answer["outcomes"]
    assert (outcome["intent"], outcome["state"]) == (parcel.id, "paid")
    assert len(outcome["slip"]) == 9


async def test_a_query_with_tried_reports_that_the_attempt_ended_unpaid(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    parcel = gateway.intent()
    await gateway.deliver([parcel])
    at_bank = await donor.press(await donor.open(f"{central.url}/t/{gateway.ticket(parcel)}"))
    known = f"known={parcel.id}:handed_off"
    assert (await gateway.get(PATH, f"{known}&tried={parcel.id}:0&wait=0"))[1]["outcomes"] == []
    waiting = asyncio.create_task(gateway.get(PATH, f"{known}&tried={parcel.id}:0&wait=25"))
    await donor.press(at_bank, decision="cancel")
    async with asyncio.timeout(20):
        _, answer = await waiting
    ended = {"intent": parcel.id, "state": "handed_off", "slip": "", "code": "", "ended": True}
    assert answer["outcomes"] == [ended]
    assert (await gateway.get(PATH, f"{known}&tried={parcel.id}:1&wait=0"))[1]["outcomes"] == []
    assert (await gateway.get(PATH, f"{known}&wait=0"))[1]["outcomes"] == []
    await donor.press(await donor.open(f"{central.url}/t/{gateway.ticket(parcel)}"))
    _, again = await gateway.get(PATH, f"{known}&tried={parcel.id}:1&wait=0")
    assert again["outcomes"] == [ended | {"ended": False}]
    _, plain = await gateway.get(PATH, f"known={parcel.id}:registered&wait=0")
    assert plain["outcomes"] == [ended | {"ended": False}], "nothing was asked about the attempts"


async def test_a_difference_is_returned_without_waiting(gateway: DeliveringGateway) -> None:
    parcel, other = gateway.intent(), gateway.intent()
    await gateway.deliver([parcel, other])
    status, answer = await gateway.get(PATH, f"known={parcel.id}:paid&known={other.id}:registered&wait=25")
    assert status == 200
    assert answer == {
        "contract": 1,
        "outcomes": [{"intent": parcel.id, "state": "registered", "slip": "", "code": "", "ended": False}],
    }


async def test_no_difference_is_an_empty_answer_after_the_wait(gateway: DeliveringGateway) -> None:
    parcel = gateway.intent()
    await gateway.deliver([parcel])
    began = time.monotonic()
    assert (await gateway.get(PATH, f"known={parcel.id}:registered&wait=1"))[1]["outcomes"] == []
    assert 0.9 < time.monotonic() - began < 20
    assert (await gateway.get(PATH, f"known={parcel.id}:registered&wait=0"))[1]["outcomes"] == []
    assert (await gateway.get(PATH, ""))[1]["outcomes"] == []


async def test_another_gateways_intents_cannot_be_seen(
    central: RunningCentral, gateway: DeliveringGateway, session: aiohttp.ClientSession
) -> None:
    parcel = gateway.intent()
    await gateway.deliver([parcel])
    neighbour = await enrolled(central, DeliveringGateway(session, central.url))
    assert (await neighbour.get(PATH, f"known={parcel.id}:paid&wait=0"))[1]["outcomes"] == []
    stranger = DeliveringGateway(session, central.url)
    assert (await stranger.get(PATH, f"known={parcel.id}:paid&wait=0"))[0] == 401
    async with session.get(f"{central.url}{PATH}?known={parcel.id}:paid&wait=0") as unsigned:
        assert unsigned.status == 401


async def test_a_change_by_another_process_is_returned(central: RunningCentral, gateway: DeliveringGateway) -> None:
    from datetime import UTC, datetime

    from central_server.store.donations import intents
    from sync_contract.records import IntentState

    parcel = gateway.intent()
    await gateway.deliver([parcel])
    waiting = asyncio.create_task(gateway.get(PATH, f"known={parcel.id}:registered&wait=25"))
    await asyncio.sleep(0.2)
    async with central.database() as database, database.write() as connection:
        intent = await intents.get(connection, gateway.id, parcel.id)
        assert intent is not None
        await intents.move(
            connection, intent, IntentState.closed, at=datetime.now(UTC), cause="query", evidence="elsewhere"
        )
    async with asyncio.timeout(20):
        assert (await waiting)[1]["outcomes"][0]["state"] == "closed"


async def test_an_invalid_query_is_400(gateway: DeliveringGateway) -> None:
    for query in ("known=x", "known=" + "0" * 32, "known=" + "0" * 32 + ":nonsense", "wait=-1", "wait=x", "wait="):
        assert (await gateway.get(PATH, query))[0] == 400, query
    many = "&".join(f"known={number:032x}:paid" for number in range(151))
    assert (await gateway.get(PATH, many))[0] == 400


async def test_clients_that_disconnect_early_do_no_harm(central: RunningCentral, gateway: DeliveringGateway) -> None:
    parcel = gateway.intent()
    await gateway.deliver([parcel])
    for _ in range(10):
        waiting = [asyncio.create_task(gateway.get(PATH, f"known={parcel.id}:registered&wait=25")) for _ in range(5)]
        await asyncio.sleep(0.01)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    assert (await gateway.get(PATH, f"known={parcel.id}:paid&wait=0"))[0] == 200
    assert [receipt.receipt for receipt in await gateway.deliver([gateway.intent()])] == ["accepted"]
