"""Parse query parameters strictly: each at most once, no unknown ones."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, TypeVar

from aiohttp import web
from pydantic import BaseModel, BeforeValidator, Field, StringConstraints, ValidationError

from central_server.api.problems import refusal_of
from central_server.shake.shake_records import Documented
from central_server.statistics.periods import Span
from central_server.store.statistics.figure_filter import By
from sync_contract.records import Receipt

Model = TypeVar("Model", bound=BaseModel)
Found = TypeVar("Found")


def _spelled(pattern: str, read: Callable[[str], object]) -> Callable[[object], object]:
    """Return a validator for one spelling: pydantic accepts more spellings of numbers and dates than documented."""
    shape = re.compile(pattern)

    def check(value: object) -> object:
        if not isinstance(value, str):
            return value
        if not shape.fullmatch(value):
            raise ValueError("not spelled so")
        return read(value)

    return check


Limit = Annotated[int, Field(ge=1, le=500), BeforeValidator(_spelled("[1-9][0-9]{0,2}", int))]
Day = Annotated[date, BeforeValidator(_spelled("[0-9]{4}-[0-9]{2}-[0-9]{2}", date.fromisoformat))]
Cursor = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,200}$")]
GatewayId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]


class PageQuery(Documented):
    """Which part of a list."""

    limit: Limit = 100
    """The most entries in one response."""
    cursor: Cursor | None = None
    """`next` of the previous response; leave it out for the first one."""


class LogQuery(PageQuery):
    gateway: GatewayId | None = None
    kind: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,32}$")] | None = None
    """`intent`, `statistics`, `ticket` or `unknown`."""
    result: Receipt | None = None
    since: Day | None = None
    """The first day, official time (UTC+8)."""
    until: Day | None = None
    """The last day, official time (UTC+8)."""


class FiguresQuery(Documented):
    """Scope and period of the figures. Without a filter all are included; the default period is today."""

    span: Span = Span.day
    """`day` in slots of an hour; `week`, `month` and `quarter` (90 days up to `day`) in slots of a day; `year`
    (52 weeks, the last with `day`) in slots of a week."""
    day: Day | None = None
    """A day of the period, official time (UTC+8)."""
    place: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,64}$")] | None = None
    gateway: GatewayId | None = None
    beacon: Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{36}/[0-9]{1,5}/[0-9]{1,5}$")] | None = None
    """uuid/major/minor."""
    project: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,16}$")] | None = None


class ComparisonQuery(FiguresQuery):
    """What is compared; the rest as for the figures."""

    by: By = By.beacon


class MonthQuery(Documented):
    month: Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")] | None = None
    """A complete month, official time (UTC+8); the default is the last one."""


def read_query(request: web.Request, model: type[Model]) -> Model:
    """Raises the problem parameter-malformed."""
    items = list(request.query.items())
    found = dict(items)
    if len(found) != len(items):
        raise refusal_of("parameter-malformed", "a parameter comes twice")
    try:
        return model.model_validate_strings(found)
    except ValidationError as error:
        where = ", ".join(sorted({str(fault["loc"][0]) for fault in error.errors() if fault["loc"]}))
        raise refusal_of("parameter-malformed", f"does not fit: {where}"[:200]) from error


def build_cursor(*parts: str) -> str:
    return urlsafe_b64encode("\n".join(parts).encode()).rstrip(b"=").decode()


def cut(
    found: Sequence[Found], limit: int, key: Callable[[Found], tuple[str, ...]]
) -> tuple[Sequence[Found], str | None]:
    """Return the first `limit` of the found entries, and the next cursor if there are more.

    `key`: the parts of the cursor of the last entry shown.
    """
    shown = found[:limit]
    return shown, build_cursor(*key(shown[-1])) if len(found) > limit else None


def parse_cursor(cursor: str | None, count: int) -> tuple[str, ...] | None:
    """Return the parts given to `build_cursor`; None for None. Raises the problem cursor-malformed."""
    if cursor is None:
        return None
    try:
        parts = tuple(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().split("\n"))
    except (Base64Error, UnicodeDecodeError) as error:
        raise refusal_of("cursor-malformed") from error
    if len(parts) != count or build_cursor(*parts) != cursor or any("\0" in part for part in parts):
        raise refusal_of("cursor-malformed")
    return parts
