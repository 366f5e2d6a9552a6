"""Store projects as staff enter them, and look them up as published."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import select, tuple_, update

from central_server.store.catalogue import organisations
from central_server.store.catalogue.organisations import Organisation
from central_server.store.engine import versioned_rows
from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import projects
from central_server.store.places import places
from sync_contract.catalogue import Focus
from sync_contract.permit import Permit
from sync_contract.project import Drawing, Example, Project, Texts


@dataclass(frozen=True, slots=True)
class StoredProject:
    """`organisation`: the id of one that applies at the project's place, or empty; `withdrawn`: no longer on offer.

    `position`: order on the screen, smallest first. `picture`: the SHA-256 of a photograph, shown instead of `drawing`;
    `focus`: its part that is never cropped.
    """

    place: str
    id: str
    title: Texts
    summary: Texts
    story: Texts
    payee: Texts
    amounts_fen: tuple[int, ...]
    min_fen: int
    max_fen: int
    goal_fen: int | None
    organisation: str
    filing: str
    area: str
    opens: date | None
    closes: date | None
    picture: str | None
    withdrawn: bool
    position: int
    edited_at: datetime
    edited_by: str
    revision: int = 0
    pays_for: tuple[Example, ...] = ()
    drawing: Drawing = Drawing.lane
    focus: Focus = Focus.centre
    phrases: tuple[str, ...] = ()
    """As in Project; of these texts once `note_phrases` was called for this revision."""

    def permit(self, organisation: Organisation | None) -> Permit | None:
        """Return None if anything that a permit needs is missing."""
        if organisation is None or not (organisation.certificate and organisation.certificate_until):
            return None
        if not (self.filing and self.area and self.opens and self.closes):
            return None
        return Permit(
            organisation=organisation.name,
            certificate=organisation.certificate,
            certificate_until=organisation.certificate_until,
            filing=self.filing,
            area=self.area,
            opens=self.opens,
            closes=self.closes,
        )

    def published(self, organisation: Organisation | None) -> Project:
        return Project(**{name: getattr(self, name) for name in SHARED}, permit=self.permit(organisation))


SHARED = tuple(name for name in Project.model_fields if name in StoredProject.__slots__)
"""The fields that a stored and a published project have in common."""


async def offered(connection: Connection, community: str, project: str) -> Project | None:
    """Return a project on offer at the place, or None."""
    return (await _holding(connection, community, [project], withdrawn=False)).get(project)


async def known(connection: Connection, community: str, project: str) -> Project | None:
    """Return a project even if it is withdrawn: for earlier gifts."""
    return (await _holding(connection, community, [project], withdrawn=True)).get(project)


async def all_offered(connection: Connection, community: str) -> tuple[Project, ...]:
    return tuple((await _holding(connection, community, None, withdrawn=False)).values())


async def known_many(connection: Connection, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Project]:
    """Return projects by (community, id), also withdrawn ones; unknown ones are left out."""
    by_community: dict[str, set[str]] = {}
    for community, project in wanted:
        by_community.setdefault(community, set()).add(project)
    found: dict[tuple[str, str], Project] = {}
    for community, ids in by_community.items():
        applying = await _holding(connection, community, ids, withdrawn=True)
        found |= {(community, id_): project for id_, project in applying.items()}
    return found


async def titles(connection: Connection, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Texts]:
    """Return titles by (community, id), also of withdrawn ones; of two with one id, of the nearer one. Two queries."""
    pairs = set(wanted)
    if not pairs:
        return {}
    statement = select(projects.c.place, projects.c.id, projects.c.title)
    rows = await connection.execute(statement.where(projects.c.id.in_({project for _, project in pairs})))
    known = {(row.place, row.id): row.title for row in rows}
    lines = await places.above(connection, {community for community, _ in pairs})
    found: dict[tuple[str, str], Texts] = {}
    for community, project in pairs:
        title = next((known[at, project] for at in lines.get(community, ()) if (at, project) in known), None)
        if title is not None:
            found[community, project] = Texts.model_validate_json(title)
    return found


async def called(connection: Connection, tops: Collection[str], ids: Collection[str]) -> dict[tuple[str, str], Texts]:
    """Return titles by (place, id), of these ids at and below `tops` or that apply there from above; withdrawn too."""
    statement = select(projects.c.place, projects.c.id, projects.c.title).where(
        versioned_rows.visible(projects.c.place, tops)
    )
    rows = await connection.execute(statement.where(projects.c.id.in_(ids))) if ids else ()
    return {(row.place, row.id): Texts.model_validate_json(row.title) for row in rows}


async def holding(connection: Connection, place: str) -> dict[str, StoredProject]:
    """Return those that apply at `place` by id, withdrawn ones too; of two with one id, the nearer one."""
    wanted = _ROWS.where(versioned_rows.holds_at(projects.c.place, place))
    found = await connection.execute(wanted.order_by(versioned_rows.height(projects.c.place), projects.c.id))
    return {row.id: _read(row) for row in found}


async def others_of_organisation(connection: Connection, place: str, project: str) -> dict[str, StoredProject]:
    """Return the other projects that apply at `place` and belong to the project's organisation."""
    applying = await holding(connection, place)
    own = applying.get(project)
    return {
        id_: each
        for id_, each in applying.items()
        if own is not None and id_ != project and each.organisation == own.organisation
    }


async def get(connection: Connection, place: str, id_: str) -> StoredProject | None:
    wanted = _ROWS.where(projects.c.place == place, projects.c.id == id_)
    found = (await connection.execute(wanted)).one_or_none()
    return None if found is None else _read(found)


async def every(connection: Connection, tops: Collection[str]) -> tuple[StoredProject, ...]:
    """Return those at and below `tops` and those that apply there from above, in the screen's order."""
    wanted = _ROWS.where(versioned_rows.visible(projects.c.place, tops)).order_by(
        projects.c.position, projects.c.id, projects.c.place
    )
    return tuple(_read(row) for row in await connection.execute(wanted))


async def by_id(
    connection: Connection, tops: Collection[str], after: tuple[str, str] | None, limit: int
) -> tuple[StoredProject, ...]:
    """Return those of `every` by id and place, from the one after `after`."""
    wanted = _ROWS.where(versioned_rows.visible(projects.c.place, tops))
    if after is not None:
        wanted = wanted.where(tuple_(projects.c.id, projects.c.place) > after)
    rows = await connection.execute(wanted.order_by(projects.c.id, projects.c.place).limit(limit))
    return tuple(_read(row) for row in rows)


async def save(connection: Connection, project: StoredProject, read: int) -> bool:
    """`read`: the revision that was read, 0 for a new one. Return False if another edit was first."""
    key = {"place": project.place, "id": project.id}
    derived = ("revision", "phrases")
    values = {name: getattr(project, name) for name in project.__slots__ if name not in (*key, *derived)}
    values |= {name: values[name].model_dump_json(by_alias=True) for name in _TEXTS}
    values["amounts_fen"] = ",".join(map(str, project.amounts_fen))
    values["pays_for"] = _EXAMPLES.dump_json(project.pays_for, by_alias=True).decode()
    return await versioned_rows.save(connection, projects, key, values, read)


async def show_picture(
    connection: Connection, project: StoredProject, sha256: str | None, focus: Focus, account: str, now: datetime
) -> None:
    """Count as an edit: the revision increases."""
    mine = (projects.c.place == project.place, projects.c.id == project.id)
    values: dict[str, Any] = {"picture": sha256, "focus": focus, "edited_at": now, "edited_by": account}
    values["revision"] = projects.c.revision + 1
    await connection.execute(update(projects).where(*mine).values(values))


async def without_phrases(connection: Connection, community: str) -> tuple[StoredProject, ...]:
    """Return those on offer in the community whose texts are newer than their phrases."""
    newer = projects.c.phrases_revision != projects.c.revision
    wanted = _ROWS.where(versioned_rows.holds_at(projects.c.place, community), newer, projects.c.withdrawn.is_(False))
    return tuple(_read(row) for row in await connection.execute(wanted))


async def note_phrases(connection: Connection, project: StoredProject, phrases: tuple[str, ...]) -> None:
    """Store the phrases of this revision; no edit. Nothing happens if the project was edited meanwhile."""
    same = (projects.c.place == project.place, projects.c.id == project.id, projects.c.revision == project.revision)
    values = {"phrases": _PHRASES.dump_json(phrases).decode(), "phrases_revision": project.revision}
    await connection.execute(update(projects).where(*same).values(values))


async def pictures(connection: Connection, place: str, ids: Collection[str]) -> dict[str, tuple[str, Focus]]:
    """Return the SHA-256 of each project's picture and its focus, as the projects apply at `place`."""
    wanted = select(projects.c.id, projects.c.picture, projects.c.focus).where(
        versioned_rows.holds_at(projects.c.place, place)
    )
    rows = await connection.execute(
        wanted.where(projects.c.id.in_(ids)).order_by(versioned_rows.height(projects.c.place))
    )
    nearest = {row.id: row for row in rows}
    return {project: (row.picture, Focus(row.focus)) for project, row in nearest.items() if row.picture}


async def _holding(
    connection: Connection, place: str, ids: Collection[str] | None, *, withdrawn: bool
) -> dict[str, Project]:
    wanted = _ROWS.where(versioned_rows.holds_at(projects.c.place, place))
    if ids is not None:
        wanted = wanted.where(projects.c.id.in_(ids))
    rows = await connection.execute(wanted.order_by(versioned_rows.height(projects.c.place), projects.c.id))
    nearest = {row.id: _read(row) for row in rows}
    shown = [project for project in nearest.values() if withdrawn or not project.withdrawn]
    raisers = await organisations.holding(connection, place, {each.organisation for each in shown})
    return {each.id: each.published(raisers.get(each.organisation)) for each in sorted(shown, key=_place_on_screen)}


def _place_on_screen(project: StoredProject) -> tuple[int, str]:
    return project.position, project.id


def _read(row: Any) -> StoredProject:  # noqa: ANN401  (a row)
    fields = {name: value for name, value in row._mapping.items() if name != "phrases_revision"}
    texts = {name: Texts.model_validate_json(fields[name]) for name in _TEXTS}
    amounts = tuple(int(word) for word in row.amounts_fen.split(","))
    examples = _EXAMPLES.validate_json(row.pays_for)
    looks = {"drawing": Drawing(row.drawing), "focus": Focus(row.focus)}
    lists = {"amounts_fen": amounts, "pays_for": examples, "phrases": _PHRASES.validate_json(row.phrases)}
    return StoredProject(**fields | texts | looks | lists)


_ROWS = select(projects)
_TEXTS = ("title", "summary", "story", "payee")
_EXAMPLES = TypeAdapter(tuple[Example, ...])
_PHRASES = TypeAdapter(tuple[str, ...])
