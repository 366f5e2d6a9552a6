"""Beacons, projects, gateways or communities side by side: what was counted of each in a period.

None stands for what was not counted then, or not in this view: nobody shall read it as nought. Doors are never mixed.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta

from central_server.statistics.hyperloglog import estimate
from central_server.statistics.periods import Period
from central_server.statistics.report import Narrowed
from central_server.store.engine.connection import Connection
from central_server.store.engine.tables.figures import DWELLS
from central_server.store.statistics import figure_comparison, screen_figures
from central_server.store.statistics.figure_comparison import By
from central_server.store.statistics.figure_filter import Row, Wanted
from sync_contract.records import Door


@dataclass(frozen=True, slots=True)
class OneOf:
    """`key`: a beacon as uuid/major/minor, or an id; "" for what happened at none. `visitors` and `readers`:
    different ones of each day, added up. `stays`: how many tags stayed how long, by the edges of the reports.
    `spent`: gifts, as in the funnel.
    """

    key: str
    tags: int | None
    stays: tuple[int, ...] | None
    shakes: int | None
    visitors: int | None
    clicks: int | None
    readers: int | None
    posters: int | None
    poster_readers: int | None
    tags_touched: int | None
    tag_readers: int | None
    touches: int | None
    touch_pages: int | None
    tag_pages: int | None
    registered: int
    registered_fen: int | None
    handed: int
    paid: int
    paid_fen: int | None
    reconciled: int
    spent: int

    @property
    def quiet(self) -> bool:
        """Nothing at all was counted of it."""
        near = (self.tags, self.shakes, self.tags_touched, self.touches)
        opened = (self.clicks, self.posters, self.touch_pages, self.tag_pages)
        return not any((*near, *opened, self.registered))


async def beside(
    connection: Connection,
    of: Narrowed,
    period: Period,
    environment: str,
    by: By,
    known: Collection[str] = (),
    *,
    money: bool = True,
) -> tuple[OneOf, ...]:
    """By key. `known`: those that have a row whatever was counted of them. `money`: as for `report`."""
    wanted = Wanted(of.tops, period.since, period.until, timedelta(days=1), of.gateway, of.beacon, of.project)
    people = of.people and by in (By.gateway, By.community)
    phones = of.phones and by is not By.gateway
    tags = await figure_comparison.visits(connection, wanted, by) if people else []
    doors = await figure_comparison.doors(connection, wanted, by) if phones else []
    sketches = await figure_comparison.registers(connection, wanted, by) if phones else []
    screens = await figure_comparison.screens(connection, wanted, by)
    gifts = await figure_comparison.gifts(connection, wanted, environment, by)
    spent = await figure_comparison.spent(connection, wanted, environment, by)
    since = await screen_figures.since(connection, wanted)
    counting = since is not None and since < period.until

    visits = {row["key"]: row for row in tags}
    times = {(row["key"], row["door"], row["kind"]): row["times"] for row in doors}
    different = _different(sketches)
    used = _by_key(screens)
    given = {row["key"]: row for row in gifts}
    keys = {*known, *visits, *(key for key, _, _ in times), *used, *given, *spent}

    def one(key: str) -> OneOf:
        def phone(told: dict[tuple[str, str, str], int], door: Door, kind: str) -> int | None:
            return told.get((key, door.value, kind), 0) if phones else None

        def screen(name: str, *doors: Door) -> int | None:
            # of a gateway without any row nobody knows that it counts
            if not counting or (by is By.gateway and key not in used):
                return None
            told: list[int] = [row[name] for row in used.get(key, ()) if row["door"] in doors]
            return sum(told)

        gift = given.get(key, {})
        found = OneOf(
            key=key,
            tags=visits.get(key, {}).get("arrivals", 0) if people else None,
            stays=tuple(visits.get(key, {}).get(name, 0) for name in DWELLS) if people else None,
            shakes=phone(times, Door.phone, "shake"),
            visitors=phone(different, Door.phone, "shake"),
            clicks=phone(times, Door.phone, "click"),
            readers=phone(different, Door.phone, "click"),
            posters=phone(times, Door.qr, "click"),
            poster_readers=phone(different, Door.qr, "click"),
            tags_touched=phone(times, Door.nfc, "click"),
            tag_readers=phone(different, Door.nfc, "click"),
            touches=screen("visits", Door.touch, Door.tag),
            touch_pages=screen("opened", Door.touch),
            tag_pages=screen("opened", Door.tag),
            registered=gift.get("registered", 0),
            registered_fen=gift.get("registered_fen", 0),
            handed=gift.get("handed", 0),
            paid=gift.get("paid", 0),
            paid_fen=gift.get("paid_fen", 0),
            reconciled=gift.get("reconciled", 0),
            spent=spent.get(key, 0),
        )
        return found if money else replace(found, registered_fen=None, paid_fen=None)

    rows = (one(key) for key in sorted(keys))
    return tuple(row for row in rows if row.key in known or not row.quiet)


def _by_key(rows: Collection[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["key"], []).append(row)
    return found


def _different(rows: Collection[Row]) -> dict[tuple[str, str, str], int]:
    """By key, door and kind: those of each day, added up."""
    days: dict[tuple[str, str, str, int], dict[int, int]] = {}
    for row in rows:
        days.setdefault((row["key"], row["door"], row["kind"], row["day"]), {})[row["rank"]] = row["number"]
    found: dict[tuple[str, str, str], int] = {}
    for (key, door, kind, _), sketch in days.items():
        found[key, door, kind] = found.get((key, door, kind), 0) + estimate(sketch)
    return found
