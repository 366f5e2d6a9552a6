"""Lists of several communities name the community of each line and can be filtered by one."""

import re
from collections.abc import AsyncIterator
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy import Engine, event

from central_server.accounts.access import Role
from central_server.enrolment.gateways import register
from central_server.staff.frame.page_frame import Handler
from central_server.store.accounts import audit_trail
from central_server.store.accounts.audit_actions import BeaconsImported, PlaceRenamed, ProjectChanged
from central_server.store.accounts.audit_records import FieldChange
from central_server.store.accounts.audit_trail import AuditEntry
from central_server.store.catalogue import beacons, projects
from central_server.store.catalogue.beacons import StoredBeacon
from central_server.store.donations import attempts, gifts, refunds
from central_server.store.donations.attempts import Attempt
from central_server.store.donations.refunds import StoredRefund
from central_server.store.engine.database import Database
from central_server.store.ledger import disbursements
from central_server.store.ledger.disbursements import Disbursement
from central_server.store.places import places
from central_server.store.places.places import TOP, Place, PlaceKind
from daemonkit.web import WebRules, guarded_app
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind
from sync_contract.gateway_report import Hearing
from sync_contract.project import Texts
from sync_contract.records import HandoffKind
from sync_contract.uuid7 import new_id
from tests.databases import sqlite_only
from tests.fakes.central_process import RunningBank, RunningCentral, running_central
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donor import Donor, Page
from tests.fakes.staff_account import set_password
from tests.unit.central_server.catalogue_world import UUID_1
from tests.unit.central_server.staff.test_overview import reports, text
from tests.unit.central_server.staff.test_staff import PASSWORD

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
TREE = (
    ("quanzhou", PlaceKind.city, TOP, ("泉州市", "泉州市", "Quanzhou")),
    ("licheng", PlaceKind.street, "quanzhou", ("鲤城街道", "鯉城街道", "Licheng")),
    ("sunny", PlaceKind.community, "licheng", ("向阳社区", "向陽社區", "Sunny")),
    ("river", PlaceKind.community, "licheng", ("临江社区", "臨江社區", "River")),
    ("far", PlaceKind.community, "quanzhou", ("远山社区", "遠山社區", "Far")),
)


_IN_REQUEST: ContextVar[bool] = ContextVar("in_request", default=False)
"""Whether the current task serves a request; the server's stages run statements in the same process."""


@web.middleware
async def _mark_request(request: web.Request, handler: Handler) -> web.StreamResponse:
    _IN_REQUEST.set(True)
    return await handler(request)


def _marked_app(rules: WebRules, **named: Any) -> web.Application:
    return guarded_app(rules, **{**named, "middlewares": [_mark_request, *named["middlewares"]]})


@pytest.fixture
async def central(tmp_path: Path, bank: RunningBank, store_url: str) -> AsyncIterator[RunningCentral]:
    async with running_central(tmp_path / "central", bank, store=store_url, make_app=_marked_app) as central:
        yield central


@dataclass
class Street:
    """`gateways`: of the communities sunny, river and far, all called alike."""

    central: RunningCentral
    gateways: dict[str, DeliveringGateway]

    async def enter(self, donor: Donor, place: str) -> None:
        async with self.central.database() as database:
            await set_password(database, f"chen-{place}", PASSWORD, NOW, place=place, role=Role.chief)
        login = await donor.open(f"{self.central.url}/staff/login?lang=en")
        await donor.press(login, name=f"chen-{place}", password=PASSWORD)

    async def page(self, donor: Donor, path: str) -> Page:
        page = await donor.open(f"{self.central.url}/staff/{path}")
        assert page.status == 200
        return page


@pytest.fixture
async def street(central: RunningCentral, session: aiohttp.ClientSession) -> Street:
    gateways = {name: DeliveringGateway(session, central.url) for name in ("sunny", "river", "far")}
    async with central.database() as database:
        await _plant(database)
        for name, gateway in gateways.items():
            await register(database, gateway.id, gateway.public, name, "大厅", NOW)
        await _offer(database)
    for gateway in gateways.values():
        await gateway.deliver([gateway.statistics(), gateway.intent(beacon=BeaconId(UUID_1, 1, 1))])
        await reports(gateway, Hearing.deaf)
    return Street(central, gateways)


async def _plant(database: Database) -> None:
    async with database.write() as connection:
        for id_, kind, parent, names in TREE:
            texts = Texts.model_validate(dict(zip(("zh-Hans", "zh-Hant", "en"), names, strict=True)))
            await places.plant(connection, Place(id_, kind, parent, texts), NOW)


async def _offer(database: Database) -> None:
    """A beacon of one identity in three communities, in two of one name; a project of each of these."""
    async with database.write() as connection:
        for place, label in (("sunny", "东墙"), ("river", "东墙"), ("far", "远墙")):
            wall = BeaconId(UUID_1, 1, 1)
            beacon = StoredBeacon(new_id(), place, wall, BeaconKind.place, label, -59, "", None, (), "", NOW, "x")
            assert await beacons.save(connection, beacon, 0)
        (lunch, *_) = await projects.every(connection, [TOP])
        for place in ("sunny", "river"):
            assert await projects.save(connection, replace(lunch, place=place, id="walk", revision=0), 0)
            renamed = PlaceRenamed(place, (FieldChange("en", "a", "b"),))
            changes = (FieldChange("withdrawn", "", "yes"), FieldChange("project", "walk", "lunch"))
            for action in (renamed, ProjectChanged("walk", changes)):
                await audit_trail.record(connection, AuditEntry("chen", place, action, NOW))


def rows(page: Page, about: str = "") -> list[str]:
    found = re.findall(r"<tr[ >].*?</tr>", page.html, re.S)
    texts = [" ".join(Page(200, "", row).text().split()) for row in found]
    return [row for row in texts if about in row]


def options(page: Page, name: str) -> list[str]:
    inside = re.search(rf'<select name="{name}".*?</select>', page.html, re.S)
    if inside is None:
        return []
    return [" ".join(each.split()) for each in re.findall(r"<option[^>]*>(.*?)</option>", inside[0], re.S)]


async def test_who_sees_a_street_reads_on_each_line_of_which_community_it_tells(street: Street, donor: Donor) -> None:
    await street.enter(donor, "licheng")
    log = await street.page(donor, "log")
    places = sorted(" ".join(row.split()[-2:]) for row in rows(log, "Delivered"))
    assert places == ["River 大厅"] * 2 + ["Sunny 大厅"] * 2
    assert options(log, "place") == ["All", "Licheng", "River", "Sunny"]
    assert options(log, "gateway") == ["All", "River · 大厅", "Sunny · 大厅"]
    gifts = await street.page(donor, "gifts")
    assert sorted(row.rpartition("screen ")[2] for row in rows(gifts, "¥")) == ["River 大厅", "Sunny 大厅"]
    assert options(gifts, "gateway") == ["All", "River · 大厅", "Sunny · 大厅"]
    assert options(gifts, "beacon") == ["All", "东墙 · River, Sunny"]
    assert any(each.endswith("· River, Sunny") for each in options(gifts, "project"))
    gift = re.search(r'"/(staff/gifts/[0-9a-f]{16}/[0-9a-f]{32})"', gifts.html)
    assert gift is not None
    assert re.search("Community (River|Sunny)", text(await donor.open(f"{street.central.url}/{gift[1]}")))
    figures = await street.page(donor, "figures?by=gateway")
    assert options(figures, "gateway") == ["All", "River · 大厅", "Sunny · 大厅"]
    assert any("东墙 · " in each for each in options(figures, "beacon"))
    assert any(each.endswith("· River, Sunny") for each in options(figures, "project"))
    assert len(rows(figures, "River · 大厅")) == 1
    gateways = await street.page(donor, "gateways")
    assert sorted(row.partition(" receives")[0] for row in rows(gateways, "大厅")) == ["大厅 River", "大厅 Sunny"]
    tasks = re.findall(r'<li class="deaf">.*?</li>', (await street.page(donor, "")).html, re.S)
    texts = [" ".join(Page(200, "", task).text().split()) for task in tasks]
    assert sorted(task[: len("大厅 receives nothing. River")] for task in texts) == [
        "大厅 receives nothing. River", "大厅 receives nothing. Sunny",
    ]  # fmt: skip
    trail = await street.page(donor, "audit")
    assert [row.split()[-1] for row in rows(trail, "Renamed a place")] == ["River", "Sunny"]
    assert options(trail, "place") == ["All", "Licheng", "River", "Sunny"]
    assert len(rows(trail, "Changed a project · Warm lunches Withdrawn: no → yes")) == 2
    assert "<summary>Id</summary>" in trail.html


@sqlite_only
async def test_what_waits_for_a_second_person_or_for_evidence_says_whose_it_is(
    street: Street, donor: Donor, session: aiohttp.ClientSession
) -> None:
    async with street.central.database() as database, database.write() as connection:
        for place in ("sunny", "river"):
            sender = street.gateways[place]
            (intent,) = await gifts.page(connection, gifts.GiftFilter([place], "drill"))
            tried = Attempt(
                *(new_id(), sender.id, intent.id, 1, place, "drill", "sandbox", 5000, "CNY", new_id(), "paid", NOW),
                queries=0,
                next_query_at=None,
            )
            await attempts.add(connection, tried)
            asked = ("drill", "lunch", 100, "CNY")
            refund = StoredRefund(new_id(), tried.id, place, *asked, "twice", "requested", "lin", NOW)
            await refunds.add(connection, refund)
            spent = Disbursement(new_id(), place, *asked, "rice", "market", None, NOW.date(), 3, "", None, "lin", NOW)
            await disbursements.add(connection, spent)
    for gateway in street.gateways.values():
        await gateway.deliver([gateway.intent(handoff=HandoffKind.link)])
    for viewer, seen in (("licheng", ["River", "Sunny"]), ("sunny", [])):
        await street.enter(donor, viewer)
        for path in ("refunds", "disbursements", "evidence"):
            html = (await street.page(donor, path)).html
            assert sorted(re.findall(r'<span class="tag">(River|Sunny|Far)</span>', html)) == seen, path
        session.cookie_jar.clear()


async def test_a_list_is_narrowed_to_a_community_and_to_none_that_is_not_seen(street: Street, donor: Donor) -> None:
    await street.enter(donor, "licheng")
    for path, about in (("log", "大厅"), ("gifts", "大厅"), ("gateways", "大厅"), ("audit", "Renamed")):
        narrowed = await street.page(donor, f"{path}?place=sunny")
        assert rows(narrowed, about), path
        assert not [row for row in rows(narrowed, about) if "River" in row], path
        assert 'value="sunny" selected' in narrowed.html
        whole = len(rows(await street.page(donor, path), about))
        assert len(rows(await street.page(donor, f"{path}?place=licheng"), about)) == whole
        for other in ("far", "quanzhou", TOP, "nowhere"):  # none of theirs: left out, as what does not fit is
            page = await street.page(donor, f"{path}?place={other}")
            assert len(rows(page, about)) == whole
            assert "Far" not in text(page)
    assert options(await street.page(donor, "log?place=sunny"), "gateway") == ["All", "大厅"]
    csv = (await donor.open(f"{street.central.url}/staff/gifts.csv?place=river")).html
    assert "River" in csv
    assert "Sunny" not in csv
    older = await street.page(donor, "log?place=sunny&kind=intent")
    assert len(rows(older, "Delivered")) == 1


async def test_a_page_runs_no_more_statements_for_many_communities(street: Street, donor: Donor) -> None:
    await street.enter(donor, "quanzhou")
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if _IN_REQUEST.get():
            statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        for path in ("log", "gifts", "audit", "gateways"):
            counts = []
            for query in ("?place=sunny", "?place=quanzhou"):
                statements.clear()
                await street.page(donor, path + query)
                counts.append(len(statements))
            assert counts[0] >= counts[1] > 0, path
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def test_a_trail_full_of_long_imports_opens(street: Street, donor: Donor) -> None:
    async with street.central.database() as database, database.write() as connection:
        for number in range(60):
            ids = tuple(str(BeaconId(UUID_1, 60 - number, minor)) for minor in range(1, 48))
            action = BeaconsImported("all.csv", 47, 0, ids)
            await audit_trail.record(connection, AuditEntry("chen", "sunny", action, NOW))
    await street.enter(donor, "licheng")
    shown = rows(await street.page(donor, "audit?action=beacons.import"), "all.csv added: 47, changed: 0")
    assert len(shown) == 50
    assert "changed: 0 东墙 Id" in shown[0]


@sqlite_only
async def test_who_sees_one_community_is_told_of_none(street: Street, donor: Donor) -> None:
    await street.enter(donor, "sunny")
    for path in ("log", "gifts", "gateways", "audit"):
        page = await street.page(donor, path)
        assert options(page, "place") == [], path
        assert rows(page), path
    assert all(row.endswith(" 大厅") for row in rows(await street.page(donor, "log"), "Delivered"))
    assert not any("Sunny" in row for row in rows(await street.page(donor, "log"), "Delivered"))
    assert "<th>Place</th>" not in (await street.page(donor, "audit")).html
    assert options(await street.page(donor, "gifts"), "project")[1:]
    assert not any("Sunny" in each for each in options(await street.page(donor, "gifts"), "project"))
    assert 'class="tag">Sunny' not in (await street.page(donor, "")).html
