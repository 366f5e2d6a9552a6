"""Store highlights, their pictures, approvals and consents."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import delete, select, update

from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import columns_of, fetch_all, fetch_one
from central_server.store.engine.upsert import insert
from central_server.store.places.places import within
from sync_contract.project import Texts
from volunteering.rules.highlights import Approval, ConsentState, HighlightState, Picture
from volunteering.store.highlight_tables import (
    highlight_approvals,
    highlight_consents,
    highlight_pictures,
    highlights,
)
from volunteering.store.history import RecordKind, StateChange, record

_MAX_LISTED = 100


@dataclass(frozen=True, slots=True)
class Highlight:
    """`text`: three languages as JSON, see `texts`. `day`: an ISO date."""

    id: str
    community: str
    environment: str
    text: str
    day: str
    state: str
    made_by: str
    made_at: datetime
    changed_at: datetime

    @property
    def texts(self) -> Texts:
        return Texts.model_validate_json(self.text)


@dataclass(frozen=True, slots=True)
class Consent:
    """`number_hash` None: on paper, filed as `paper`."""

    id: str
    highlight: str
    community: str
    number_hash: str | None
    paper: str
    state: str
    at: datetime


_HIGHLIGHT = columns_of(highlights, Highlight)
_CONSENT = columns_of(highlight_consents, Consent)


async def add(
    connection: Connection, highlight: Highlight, picture: Picture | None, consents: Collection[Consent]
) -> None:
    await connection.execute(highlights.insert().values(asdict(highlight)))
    if picture is not None:
        await connection.execute(highlight_pictures.insert().values(highlight=highlight.id, **asdict(picture)))
    if consents:
        await connection.execute(highlight_consents.insert(), [asdict(each) for each in consents])
    await _record(connection, highlight, highlight.state, highlight.made_by, highlight.made_at)


async def get(connection: Connection, highlight: str, environment: str, *, lock: bool = False) -> Highlight | None:
    wanted = select(*_HIGHLIGHT).where(highlights.c.id == highlight, highlights.c.environment == environment)
    return await fetch_one(connection, Highlight, wanted.with_for_update() if lock else wanted)


async def published_in(connection: Connection, community: str, environment: str, most: int) -> tuple[Highlight, ...]:
    """Return the published highlights, the newest first."""
    wanted = select(*_HIGHLIGHT).where(
        highlights.c.community == community,
        highlights.c.environment == environment,
        highlights.c.state == HighlightState.published.value,
    )
    newest = wanted.order_by(highlights.c.day.desc(), highlights.c.made_at.desc()).limit(most)
    return await fetch_all(connection, Highlight, newest)


async def shown_below(connection: Connection, tops: Collection[str], environment: str) -> tuple[Highlight, ...]:
    """Return the highlights at and below `tops` that are not withdrawn, drafts first."""
    wanted = select(*_HIGHLIGHT).where(
        within(highlights.c.community, tops),
        highlights.c.environment == environment,
        highlights.c.state != HighlightState.withdrawn.value,
    )
    chosen = wanted.order_by(highlights.c.state != HighlightState.drafted.value, highlights.c.made_at.desc())
    return await fetch_all(connection, Highlight, chosen.limit(_MAX_LISTED))


async def of_number(connection: Connection, community: str, number_hash: str) -> tuple[tuple[Highlight, Consent], ...]:
    """Return the highlights that show the person with this number, with their consent; not the withdrawn ones."""
    found = select(*_CONSENT).where(
        highlight_consents.c.community == community, highlight_consents.c.number_hash == number_hash
    )
    consents = {each.highlight: each for each in await fetch_all(connection, Consent, found)}
    wanted = select(*_HIGHLIGHT).where(
        highlights.c.id.in_(consents), highlights.c.state != HighlightState.withdrawn.value
    )
    shown = await fetch_all(connection, Highlight, wanted.order_by(highlights.c.made_at.desc()))
    return tuple((each, consents[each.id]) for each in shown)


async def picture_of(connection: Connection, highlight: str) -> Picture | None:
    columns = (highlight_pictures.c.large, highlight_pictures.c.small)
    return await fetch_one(connection, Picture, select(*columns).where(highlight_pictures.c.highlight == highlight))


async def with_pictures(connection: Connection, wanted: Collection[str]) -> frozenset[str]:
    found = select(highlight_pictures.c.highlight).where(highlight_pictures.c.highlight.in_(wanted))
    return frozenset((await connection.execute(found)).scalars())


async def consents_of(connection: Connection, highlight: str) -> tuple[Consent, ...]:
    wanted = select(*_CONSENT).where(highlight_consents.c.highlight == highlight).order_by(highlight_consents.c.id)
    return await fetch_all(connection, Consent, wanted)


async def approvals_of(connection: Connection, highlight: str) -> tuple[Approval, ...]:
    wanted = select(highlight_approvals.c.account, highlight_approvals.c.faceless)
    chosen = wanted.where(highlight_approvals.c.highlight == highlight).order_by(highlight_approvals.c.at)
    return await fetch_all(connection, Approval, chosen)


async def approve(connection: Connection, highlight: Highlight, approval: Approval, now: datetime) -> None:
    """A second approval of the same account changes nothing."""
    row = {"highlight": highlight.id, "account": approval.account, "faceless": approval.faceless, "at": now}
    await connection.execute(insert(connection, highlight_approvals).values(row).on_conflict_do_nothing())


async def set_consent(connection: Connection, consent: Consent, state: ConsentState, now: datetime) -> None:
    changed = update(highlight_consents).where(highlight_consents.c.id == consent.id)
    await connection.execute(changed.values(state=state.value, at=now))


async def change(connection: Connection, highlight: Highlight, state: HighlightState, by: str, now: datetime) -> None:
    """Set the state; the pictures of a withdrawn highlight are deleted."""
    changed = update(highlights).where(highlights.c.id == highlight.id)
    await connection.execute(changed.values(state=state.value, changed_at=now))
    if state is HighlightState.withdrawn:
        await connection.execute(delete(highlight_pictures).where(highlight_pictures.c.highlight == highlight.id))
    await _record(connection, highlight, state, by, now)


async def _record(connection: Connection, highlight: Highlight, state: str, by: str, now: datetime) -> None:
    await record(connection, StateChange(highlight.community, highlight.id, RecordKind.highlight, state, by, now))
