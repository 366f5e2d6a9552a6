"""What may stand in the query of an address: each parameter once, none that is not known."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, TypeVar

from aiohttp import web
from pydantic import BaseModel, BeforeValidator, Field, StringConstraints, ValidationError

from central_server.api.problems import refused
from central_server.shake.shake_records import Documented
from central_server.statistics.periods import Span
from central_server.store.statistics.figure_comparison import By
from sync_contract.records import Receipt

Model = TypeVar("Model", bound=BaseModel)
Found = TypeVar("Found")


def _spelled(pattern: str, read: Callable[[str], object]) -> Callable[[object], object]:
    """Read text of just this form: pydantic would take numbers and dates in more spellings than we document."""
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
    """The most entries in one answer."""
    cursor: Cursor | None = None
    """`next` of the answer before; leave it out for the first one."""


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
    """What the figures are of, and when. Left out, each takes all; the period is today."""

    span: Span = Span.day
    """`day` in slots of an hour; `week`, `month` and `quarter` (90 days up to `day`) in slots of a day."""
    day: Day | None = None
    """In the period; official time (UTC+8)."""
    place: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,64}$")] | None = None
    gateway: GatewayId | None = None
    beacon: Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{36}/[0-9]{1,5}/[0-9]{1,5}$")] | None = None
    """uuid/major/minor."""
    project: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,16}$")] | None = None


class BesideQuery(FiguresQuery):
    """What stands side by side; the rest as for the figures."""

    by: By = By.beacon


class MonthQuery(Documented):
    month: Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")] | None = None
    """A month that is over, official time (UTC+8); left out it is the last one."""


def read_query(request: web.Request, model: type[Model]) -> Model:
    """Raises the problem parameter-malformed."""
    told = list(request.query.items())
    found = dict(told)
    if len(found) != len(told):
        raise refused("parameter-malformed", "a parameter comes twice")
    try:
        return model.model_validate_strings(found)
    except ValidationError as error:
        where = ", ".join(sorted({str(fault["loc"][0]) for fault in error.errors() if fault["loc"]}))
        raise refused("parameter-malformed", f"does not fit: {where}"[:200]) from error


def cursor_of(*parts: str) -> str:
    return urlsafe_b64encode("\n".join(parts).encode()).rstrip(b"=").decode()


def cut(
    found: Sequence[Found], limit: int, key: Callable[[Found], tuple[str, ...]]
) -> tuple[Sequence[Found], str | None]:
    """Of what was found, which is one more than `limit` where there is more: what to show, and the next cursor.

    `key`: what the cursor says of the last one that is shown.
    """
    shown = found[:limit]
    return shown, cursor_of(*key(shown[-1])) if len(found) > limit else None


def parts_of(cursor: str | None, count: int) -> tuple[str, ...] | None:
    """What `cursor_of` was given; None for None. Raises the problem cursor-malformed."""
    if cursor is None:
        return None
    try:
        parts = tuple(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().split("\n"))
    except (Base64Error, UnicodeDecodeError) as error:
        raise refused("cursor-malformed") from error
    if len(parts) != count or cursor_of(*parts) != cursor or any("\0" in part for part in parts):
        raise refused("cursor-malformed")
    return parts
