"""`sync push` and `outbox`: the commands, a gateway's delivery and a central server, in one process."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from beacon_gateway.commands import delivery
from beacon_gateway.commands import outbox as commands
from beacon_gateway.kiosk.pages.delivery import deliver_now
from beacon_gateway.local_actions import deliver_on_request
from beacon_gateway.store.database import open_database
from beacon_gateway.store.intents import Intents
from beacon_gateway.store.outbox import Outbox
from daemonkit.web import WebRules, guarded_app, serving
from tests.fakes.central import FakeCentral
from tests.unit.beacon_gateway.sync.test_drain import KEY, connected, drain, record

RULES = WebRules(allowed_hosts=frozenset({"127.0.0.1"}), secret=b"only for tests")
NOWHERE = "http://127.0.0.1:1"


@dataclass
class Site:
    folder: Path
    url: str
    central: FakeCentral
    parcels: list[str]

    async def run(self, command: Callable[[], int]) -> int:
        return await asyncio.to_thread(command)


def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    """Return the JSON after the log lines of the gateway in this process."""
    out = capsys.readouterr().out
    return json.loads(out[min(each.start() for each in re.finditer(r"^[\[{]", out, re.MULTILINE)) :])


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Three registered gifts wait; the server refuses the second."""
    central = FakeCentral(KEY.public_key())
    async with open_database(tmp_path / "gateway.db") as database, connected(central) as client:
        parcels = await record(Intents(database), 3)
        central.refuse.add(parcels[1])
        app = guarded_app(RULES)
        deliver = partial(deliver_on_request, Outbox(database), drain(database, client))
        app.router.add_post("/api/v1/delivery", deliver_now(deliver))
        async with serving(app, "127.0.0.1", 0) as url:
            yield Site(tmp_path, url, central, parcels)


async def test_what_waits_is_delivered_and_a_refused_parcel_is_sent_again_on_request(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, url, (first, second, third) = site.folder, site.url, site.parcels

    async def listed() -> dict[str, str]:
        assert await site.run(partial(commands.list_parcels, folder, 50, True)) == 0
        return {each["id"]: each["state"] for each in printed(capsys)}

    assert await listed() == dict.fromkeys(site.parcels, "waiting")
    assert await site.run(partial(commands.retry, folder, url, [first], False, False)) == 1
    assert "was not refused" in capsys.readouterr().err

    site.central.fault = "down"
    assert await site.run(partial(delivery.push, folder, url, True)) == 75
    assert printed(capsys)["end"] == "unreachable"
    site.central.fault = ""
    assert await site.run(partial(delivery.push, folder, url, True)) == 1, "one is refused"
    result = printed(capsys)
    assert result == {"end": "complete", "delivered": 2, "refused": 1, "waiting": 0, "requeued": 0, "reason": ""}
    assert set(site.central.parcels) == {first, third}
    assert await listed() == {second: "refused"}

    assert await site.run(partial(commands.show, folder, second[-8:].upper(), True)) == 0
    shown = printed(capsys)
    assert (shown["reason"], shown["parcel"]["n"]) == ("unknown_project", 2)
    assert await site.run(partial(commands.retry, folder, url, [second[-8:]], False, True)) == 1, "refused again"
    assert printed(capsys)["requeued"] == 1
    site.central.refuse.clear()
    assert await site.run(partial(commands.retry, folder, url, [], True, False)) == 0
    assert "everything was delivered" in capsys.readouterr().out
    assert (await listed(), site.central.parcels[second].n) == ({}, 2), "under its own number"
    assert await site.run(partial(delivery.push, folder, url, False)) == 0
    assert "nothing waited" in capsys.readouterr().out


async def test_wrong_use_and_a_gateway_that_does_not_run_end_with_their_codes(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = site.folder
    for expected, command, text in (
        (75, partial(delivery.push, folder, NOWHERE, False), "no gateway answers"),
        (75, partial(delivery.push, folder, "", False), "no gateway has run"),
        (2, partial(commands.retry, folder, site.url, [], False, False), "--all"),
        (2, partial(commands.show, folder, "x", False), "not an id"),
        (1, partial(commands.show, folder, "0" * 32, False), "no such parcel"),
        (1, partial(commands.list_parcels, folder / "empty", 5, False), "no gateway has run"),
    ):
        assert await site.run(command) == expected, text
        assert text in capsys.readouterr().err
