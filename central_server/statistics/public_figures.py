"""What may be read without a login: nothing under five, and no sum that tells what was left out.

Only whole months that are over are told, of one community: windows that overlap, and months that still grow, could be
subtracted from each other. A value under five (nought too) is left out. The month's sum is told only when every value
that was left out may be anything from 0 to 4, as far as anybody can work out from it; else it is left out as well.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated

from pydantic import Field

from central_server.statistics.periods import Period
from central_server.statistics.report import Slot
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.strict_model import Environment, Record

LEAST = 5
Told = Annotated[int, Field(ge=LEAST)] | None


class PublicDay(Record):
    """null: fewer than five, or not counted."""

    day: date
    near_tag: Told
    near_phone: Told
    page_phone: Told
    page_qr: Told
    registered: Told
    paid: Told
    near_nfc: Told = None
    near_touch: Told = None
    page_touch: Told = None
    page_tag: Told = None


class PublicMonth(Record):
    """`sums`: by the names of the days' figures."""

    community: str
    environment: Environment
    """drill: no money moved."""
    first: date
    last: date
    days: tuple[PublicDay, ...]
    sums: dict[str, Told]


_COLUMNS: dict[str, Callable[[Slot], int | None]] = {
    "near_tag": lambda slot: slot.tags,
    "near_phone": lambda slot: slot.shakes,
    "page_phone": lambda slot: slot.clicks,
    "page_qr": lambda slot: slot.posters,
    "registered": lambda slot: slot.registered,
    "paid": lambda slot: slot.paid,
    "near_nfc": lambda slot: slot.tags_touched,
    "near_touch": lambda slot: slot.touches,
    "page_touch": lambda slot: slot.touch_pages,
    "page_tag": lambda slot: slot.tag_pages,
}


def published(values: Sequence[int | None]) -> tuple[tuple[int | None, ...], int | None]:
    """The values and their sum as they may be told. None: not counted then.

    That hides nothing: who knows since when something is counted shall not work backwards from it either.
    """
    counted = [value for value in values if value is not None]
    told = tuple(None if value is None or value < LEAST else value for value in values)
    hidden = [value for value in counted if value < LEAST]
    most = LEAST - 1
    open_ended = not hidden or most <= sum(hidden) <= most * (len(hidden) - 1)
    total = sum(counted)
    return told, total if open_ended and total >= LEAST else None


def month(community: str, environment: Environment, of: Period, slots: Sequence[Slot]) -> PublicMonth:
    columns = {name: published([value(slot) for slot in slots]) for name, value in _COLUMNS.items()}
    return PublicMonth(
        community=community,
        environment=environment,
        first=of.first,
        last=of.last,
        days=tuple(
            PublicDay(
                day=slot.start.astimezone(OFFICIAL_TIME).date(),
                **{name: told[number] for name, (told, _) in columns.items()},
            )
            for number, slot in enumerate(slots)
        ),
        sums={name: total for name, (_, total) in columns.items()},
    )
