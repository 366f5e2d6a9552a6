"""A large community: 50,000 people and a million records; each list answers in 100 ms at the 95th percentile.

SOAK_PEOPLE (default 50,000), SOAK_RECORDS (default 1,000,000) and SOAK_REPEATS (default 40).
"""

import hashlib
import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Any

import aiohttp
from sqlalchemy import Boolean, Integer, LargeBinary, String, Table, Text

from central_server.accounts.access import Role
from central_server.receipts.sealed_data import open_seal
from central_server.store.engine.database import Database
from central_server.store.places.places import plant_community
from tests.databases import both_databases
from tests.fakes.central_process import running_bank, running_central
from tests.unit.volunteering.community_desk import COMMUNITY, log_in
from volunteering.part import PART
from volunteering.people.sealed_person import Contact, PersonSeal
from volunteering.store.service_tables import service_records
from volunteering.store.tables import attendances, opportunities, people, requests, sessions, shifts, sign_ups

PEOPLE = int(os.environ.get("SOAK_PEOPLE", "50000"))
RECORDS = int(os.environ.get("SOAK_RECORDS", "1000000"))
REPEATS = int(os.environ.get("SOAK_REPEATS", "40"))
P95_S = 0.1
SHIFTS, REQUESTS, SLICE = 10_000, 20_000, 5_000
TEXT = '{"zh-Hans":"送餐","zh-Hant":"送餐","en":"Meals"}'
NUMBER = "13800000000"
STAFF_PAGES = ("today", "activities", "requests", "highlights", "cards")
MEMBER_PAGES = ("", "/help", "/ask", "/highlights", "/me", "/card")


@both_databases
async def test_lists_of_a_large_community_answer_quickly(tmp_path: Path, store_url: str) -> None:
    took: dict[str, float] = {}
    async with (
        running_bank(tmp_path / "bank") as bank,
        running_central(tmp_path / "central", bank, store=store_url, parts=(PART,)) as central,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session,
    ):
        async with central.database() as database:
            async with database.write() as connection:
                await plant_community(connection, COMMUNITY, datetime.now(UTC))
            await _fill(database, PersonSeal(await open_seal(database, central.state, None)))
        desk = await log_in(central, session, Role.steward)
        member = {"Cookie": "member=token"}
        for page in STAFF_PAGES:
            took[page] = await _p95(session, f"{central.url}/staff/volunteers/{page}", {})
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as phone:
            for page in MEMBER_PAGES:
                took[f"phone {page}"] = await _p95(phone, f"{central.url}/community/{COMMUNITY}{page}", member)
        found = await desk.send("/staff/volunteers/people", place=COMMUNITY, number=NUMBER)
        assert "Person 0" in found.text()
    print({page: f"{1000 * each:.0f} ms" for page, each in took.items()})
    assert not {page: each for page, each in took.items() if each > P95_S}


async def _p95(session: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> float:
    """Return seconds at the 95th percentile, after three requests that warm up."""
    took = []
    for number in range(REPEATS + 3):
        began = perf_counter()
        async with session.get(url, headers=headers, allow_redirects=False) as answer:
            await answer.read()
            assert answer.status == 200, url
        if number >= 3:
            took.append(perf_counter() - began)
    return quantiles(took, n=20)[-1]


async def _fill(database: Database, seal: PersonSeal) -> None:
    now, chance = datetime.now(UTC), random.Random(7)
    token = hashlib.sha256(b"token").hexdigest()
    await _insert(
        database, sessions, iter([{"token_hash": token, "person": _id(0), "ends_at": now + timedelta(days=9)}])
    )
    await _insert(database, people, _people(seal, now))
    await _insert(database, opportunities, iter([_activity(now)]))
    await _insert(database, shifts, _shifts(now))
    await _insert(database, sign_ups, _sign_ups(now, chance))
    await _insert(database, attendances, _attendances(now))
    await _insert(database, requests, _requests(now, chance))
    await _insert(database, service_records, _records(now, chance))


def _id(number: int) -> str:
    return f"{number:032x}"


def _common() -> dict[str, Any]:
    return {"community": COMMUNITY, "environment": "drill"}


def _people(seal: PersonSeal, now: datetime) -> Iterator[dict[str, Any]]:
    for number in range(PEOPLE):
        mobile = f"138{number:08}"
        sealed = seal.close(_id(number), Contact(f"Person {number}", mobile)) if number < 100 else b"sealed"
        row = {"id": _id(number), "state": "active", "number_hash": seal.number_hash(mobile)}
        yield {**_common(), **row, "key": seal.seal.fingerprint, "sealed": sealed, "joined_at": now}


def _activity(now: datetime) -> dict[str, Any]:
    row = {"id": _id(0), "kind": "activity", "title": TEXT, "about": "", "meeting": TEXT, "state": "open"}
    return {**_common(), **row, "made_by": "clerk", "made_at": now}


def _shifts(now: datetime) -> Iterator[dict[str, Any]]:
    """Ten a day: most are past, and the last 300 are to come."""
    for number in range(SHIFTS):
        starts = now + timedelta(hours=2.4 * (number - SHIFTS + 300))
        times = {"starts": starts, "ends": starts + timedelta(hours=2)}
        yield {**_common(), "id": _id(number), "opportunity": _id(0), **times, "seats": 20, "state": "open"}


def _sign_ups(now: datetime, chance: random.Random) -> Iterator[dict[str, Any]]:
    for shift in range(SHIFTS):
        for place, person in enumerate(chance.sample(range(PEOPLE), 15)):
            row = {"id": _id(15 * shift + place), "shift": _id(shift), "person": _id(person), "community": COMMUNITY}
            yield {**row, "state": "confirmed", "asked_at": now, "offered_until": None}


def _attendances(now: datetime) -> Iterator[dict[str, Any]]:
    for number in range(15 * SHIFTS):
        about = {"shift": _id(number // 15), "sign_up": _id(number), "person": _id(number % PEOPLE), "step": "in"}
        proof = {"at": now, "evidence": "screen", "reason": "in_time", "gateway": "0" * 16, "use_id": f"use {number}"}
        yield {**_common(), "id": _id(number), **about, **proof}


def _requests(now: datetime, chance: random.Random) -> Iterator[dict[str, Any]]:
    for number in range(REQUESTS):
        state = chance.choice(("new", "open", "claimed")) if number < 300 else "closed"
        about = {"person": _id(number % PEOPLE), "category": "errand", "grid": "3-2", "wanted_on": f"{now.date()}"}
        ends = {"helper": None, "outcome": "", "helper_outcome": "", "asked_by": ""}
        times = {"asked_at": now - timedelta(hours=number % 48), "changed_at": now - timedelta(days=20)}
        yield {**_common(), "id": _id(number), **about, "sealed": b"", "state": state, **ends, **times}


def _records(now: datetime, chance: random.Random) -> Iterator[dict[str, Any]]:
    for number in range(RECORDS):
        starts = now - timedelta(days=chance.randrange(1, 700))
        times = {"served_on": starts, "starts": starts, "ends": starts + timedelta(hours=2), "made_at": starts}
        about = {"person": _id(chance.randrange(PEOPLE)), "kind": "shift", "source": _id(number), "version": 0}
        proof = {"evidence": "screen", "planned_end": False, "confirmed_by": "", "corrects": None}
        ends = {"minutes": 120, "people_served": 0, "asked_by": "", "reason": "", "made_by": ""}
        yield {**_common(), "id": _id(number), **about, **times, **proof, **ends}


def _unset(table: Table) -> dict[str, Any]:
    """Return a value for each column that must have one: "" for a text, 0 for a number."""
    kinds = {String: "", Text: "", Integer: 0, Boolean: False, LargeBinary: b""}
    wanted = [column for column in table.columns if not column.nullable]
    return {column.name: value for column in wanted for kind, value in kinds.items() if isinstance(column.type, kind)}


async def _insert(database: Database, table: Table, rows: Iterator[dict[str, Any]]) -> None:
    """Insert in slices, each in a transaction of its own."""
    more = True
    while more:
        some = [_unset(table) | row for _, row in zip(range(SLICE), rows, strict=False)]
        more = len(some) == SLICE
        if some:
            async with database.write() as connection:
                await connection.execute(table.insert(), some)
