"""Read the counts of a scope from the store, by slot or by key, as fields of `FigureCounts`."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from central_server.statistics.hyperloglog import estimate
from central_server.store.engine.connection import Connection
from central_server.store.statistics import figure_queries, gift_figures, phone_figures, screen_figures
from central_server.store.statistics.figure_filter import By, FigureFilter, Key, Row
from sync_contract.records import Door

_PHONE = {
    "near_phone": (Door.phone, "shake"),
    "page_phone": (Door.phone, "click"),
    "page_qr": (Door.qr, "click"),
    "near_nfc": (Door.nfc, "click"),
}
"""By count: the door and kind of the rows that it adds up."""
_TAGS = {"near_tag": "visits", "range_tag": "entries"}
"""By count: its column."""
_SCREEN = {
    "near_touch": ("visits", (Door.touch, Door.tag)),
    "page_touch": ("opened", (Door.touch,)),
    "page_tag": ("opened", (Door.tag,)),
}
_GIFTS = ("registered", "handed", "paid", "reconciled")
_MONEY = ("registered_fen", "handed_fen", "paid_fen")
_PhoneKey = tuple[Key, str, str]


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts by the number of a slot or by a key. None: this view cannot count them.

    `screens_since`: the first hour in which touches were counted.
    """

    visits: Mapping[Key, Row] | None
    times: Mapping[_PhoneKey, int] | None
    visitors: Mapping[_PhoneKey, int] | None
    screens: Mapping[Key, Collection[Row]]
    screens_since: datetime | None
    gifts: Mapping[Key, Collection[Row]]
    money: bool

    @property
    def keys(self) -> set[Key]:
        return {*(self.visits or ()), *(key for key, _, _ in self.times or ()), *self.screens, *self.gifts}

    def counts(self, key: Key, *, screens: bool) -> dict[str, Any]:
        """Return the fields of FigureCounts. `screens` False: touches were not counted then."""
        found: dict[str, int | None] = {
            name: None if self.visits is None else self.visits.get(key, {}).get(column, 0)
            for name, column in _TAGS.items()
        }
        for name, (door, kind) in _PHONE.items():
            of = (key, door.value, kind)
            found[name] = None if self.times is None else self.times.get(of, 0)
            found[f"{name}_visitors"] = None if self.visitors is None else self.visitors.get(of, 0)
        used, gifts = self.screens.get(key, ()), self.gifts.get(key, ())
        for name, (column, doors) in _SCREEN.items():
            found[name] = sum(row[column] for row in used if row["door"] in doors) if screens else None
        found |= {name: sum(row[name] for row in gifts) for name in _GIFTS}
        return found | {name: sum(row[name] for row in gifts) if self.money else None for name in _MONEY}


async def load_tally(
    connection: Connection,
    figures: FigureFilter,
    environment: str,
    by: By | None = None,
    *,
    money: bool = True,
    visitors: bool = True,
) -> Tally:
    """`by` None: by slot. `money` False: no sums of money. `visitors` False: do not estimate different visitors."""
    scope = figures.scope
    tags = scope.has_tags and by in (None, By.gateway, By.community)
    phones = scope.has_phones and by is not By.gateway
    doors = await phone_figures.doors(connection, figures, by) if phones else []
    return Tally(
        visits=await figure_queries.visits(connection, figures, by) if tags else None,
        times={(row["key"], row["door"], row["kind"]): row["times"] for row in doors} if phones else None,
        visitors=_estimated(await phone_figures.registers(connection, figures, by)) if phones and visitors else None,
        screens=_by_key(await screen_figures.uses(connection, figures, by)),
        screens_since=await screen_figures.counted_since(connection, figures),
        gifts=_by_key(await gift_figures.gifts(connection, figures, environment, by)),
        money=money,
    )


def _by_key(rows: Collection[Row]) -> dict[Key, list[Row]]:
    found: dict[Key, list[Row]] = {}
    for row in rows:
        found.setdefault(row["key"], []).append(row)
    return found


def _estimated(rows: Collection[Row]) -> dict[_PhoneKey, int]:
    """Estimate the different visitors of each slot, and add the slots of a key up."""
    slots: dict[tuple[int, Key, str, str], dict[int, int]] = {}
    for row in rows:
        slots.setdefault((row["slot"], row["key"], row["door"], row["kind"]), {})[row["rank"]] = row["number"]
    found: dict[_PhoneKey, int] = {}
    for (_, key, door, kind), sketch in slots.items():
        found[key, door, kind] = found.get((key, door, kind), 0) + estimate(sketch)
    return found
