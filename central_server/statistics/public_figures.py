"""Decide which figures may be read without a login.

Published are only complete months of one community: overlapping windows and growing months could be subtracted from
each other. A value under five (0 too) is left out. The month's sum is published only if every value left out may be
anything from 0 to 4, as far as a reader can compute; otherwise it is left out too. Of tags, only the number of
different ones is published, never their visits.
"""

from collections.abc import Sequence
from datetime import date
from typing import Annotated

from pydantic import Field

from central_server.statistics.figure_records import FigureSlot
from central_server.statistics.periods import Period
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.strict_model import Environment, Record

MIN_PUBLISHED = 5
PublicCount = Annotated[int, Field(ge=MIN_PUBLISHED)] | None


class PublicDay(Record):
    """null: fewer than five, or not counted."""

    day: date
    tags: PublicCount
    """Different tags that were near: people, not visits, or one person's visits would pass for five people."""
    near_phone: PublicCount
    page_phone: PublicCount
    page_qr: PublicCount
    registered: PublicCount
    paid: PublicCount
    near_nfc: PublicCount
    near_touch: PublicCount
    page_touch: PublicCount
    page_tag: PublicCount


class PublicMonth(Record):
    """`sums`: by the names of the days' figures."""

    community: str
    environment: Environment
    """drill: no money moved."""
    first: date
    last: date
    days: tuple[PublicDay, ...]
    sums: dict[str, PublicCount]


_NAMES = tuple(name for name in PublicDay.model_fields if name != "day")


def publishable(values: Sequence[int | None]) -> tuple[tuple[int | None, ...], int | None]:
    """Return the values and their sum as they may be published.

    None means not counted then. Such days hide nothing: the start of counting is known to readers.
    """
    shown = tuple(None if value is None or value < MIN_PUBLISHED else value for value in values)
    counted = [value for value in values if value is not None]
    hidden = [value for value in counted if value < MIN_PUBLISHED]
    most = MIN_PUBLISHED - 1
    ambiguous = not hidden or most <= sum(hidden) <= most * (len(hidden) - 1)
    total = sum(counted)
    return shown, total if ambiguous and total >= MIN_PUBLISHED else None


def build_public_month(
    community: str, environment: Environment, period: Period, slots: Sequence[FigureSlot]
) -> PublicMonth:
    columns = {name: publishable([getattr(slot, name) for slot in slots]) for name in _NAMES}
    return PublicMonth(
        community=community,
        environment=environment,
        first=period.first,
        last=period.last,
        days=tuple(
            PublicDay(
                day=slot.start.astimezone(OFFICIAL_TIME).date(),
                **{name: shown[number] for name, (shown, _) in columns.items()},
            )
            for number, slot in enumerate(slots)
        ),
        sums={name: total for name, (_, total) in columns.items()},
    )
