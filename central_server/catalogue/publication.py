"""Publish the signed catalogue that a community's gateways fetch: a new version only when its content changes.

It is made at the first request after an edit, in any process. `catalogue_version` numbers the versions of a community.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from central_server.catalogue.catalogue_content import Content, load_content
from central_server.catalogue.catalogue_version import MAX_VERSION, following, needs_reissue
from central_server.errors import CentralError
from central_server.store.catalogue import catalogues, projects
from central_server.store.catalogue.catalogues import StoredCatalogue, Trouble
from central_server.store.engine import versioned_rows
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from sync_contract.catalogue import Catalogue, sign
from sync_contract.keys import key_id
from sync_contract.project import Project
from sync_contract.strict_model import Environment, canonical

_log = structlog.get_logger()
_EPOCH = datetime.fromtimestamp(0, UTC)
_MAX_CACHED = 1000
REFRESH_INTERVAL = timedelta(minutes=5)
"""How often published sums are read again; not every gift is a new version."""
Divide = Callable[[Sequence[Project]], Awaitable[list[tuple[str, ...]] | None]]


class Obstacle(StrEnum):
    """Why the newest edits of a community cannot be published."""

    too_large = "too_large"
    """More projects, beacons or bindings than a catalogue can contain."""
    no_number = "no_number"
    """The greatest version number is used."""


class CatalogueUnavailable(CentralError):
    """The community's first catalogue cannot be made."""

    def __init__(self, community: str, reason: Obstacle) -> None:
        super().__init__(f"{community}: no catalogue can be published ({reason.value})")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Published:
    """`signed`: a SignedCatalogue as JSON. `obstacle`: there are newer edits, which cannot be published."""

    version: int
    digest: str
    signed: str
    issued_at: datetime
    obstacle: Obstacle | None = None


@dataclass(frozen=True, slots=True)
class _Cached:
    """`edit`: the number of the newest edit that it includes."""

    edit: int
    published: Published | None
    obstacle: Obstacle | None
    at: datetime


class Publication:
    """Caches the newest catalogue of each community until an edit.

    `platforms`: as in `load_content`; `divide`: returns the phrases of each project's texts, None if it cannot.
    """

    def __init__(
        self,
        database: Database,
        key: Ed25519PrivateKey,
        clock: Callable[[], datetime],
        environment: Environment,
        platforms: Collection[str] | None = None,
        divide: Divide | None = None,
    ) -> None:
        self._database = database
        self._divide = divide
        self._dividing = asyncio.Lock()
        self._key = key
        self.now = clock
        self.environment = environment
        self.platforms = platforms
        self._cache: dict[str, _Cached] = {}

    async def current(self, community: str, reported: int = 0) -> Published:
        """`reported`: the version that a gateway has, see `needs_reissue`. Raises CatalogueUnavailable."""
        async with self._database.read() as connection:
            edit = await versioned_rows.newest_edit(connection, community)
        cached = self._cache.get(community)
        now = self.now()
        if (
            cached is None
            or cached.edit != edit
            or now - cached.at >= REFRESH_INTERVAL
            or (cached.published is not None and needs_reissue(cached.published.version, reported, now))
        ):
            await self._add_phrases(community)
            cached = await self._database.written(
                lambda connection: self._publish(connection, community, reported, now)
            )
            if len(self._cache) >= _MAX_CACHED:
                self._cache.clear()
            self._cache[community] = cached
        if cached.published is None:
            assert cached.obstacle is not None
            raise CatalogueUnavailable(community, cached.obstacle)
        return cached.published

    async def _add_phrases(self, community: str) -> None:
        """Store the phrases of texts that staff changed. Without them, a line may end anywhere."""
        if self._divide is None:
            return
        async with self._dividing:  # the requests that wait find the phrases of the first one
            async with self._database.read() as connection:
                changed = await projects.without_phrases(connection, community)
            divided = await self._divide([project.published(None) for project in changed]) if changed else None
            if divided is None:
                return

            async def store(connection: Connection) -> None:
                for project, phrases in zip(changed, divided, strict=True):
                    await projects.note_phrases(connection, project, phrases)

            await self._database.written(store)

    async def _publish(self, connection: Connection, community: str, reported: int, now: datetime) -> _Cached:
        """Store a new version, unless nothing changed or none can be made."""
        await versioned_rows.begin(connection)
        edit = await versioned_rows.newest_edit(connection, community)
        newest = await catalogues.newest(connection, community)
        before = newest.version if newest is not None else 0
        content = await load_content(connection, community, self.environment, now, self.platforms)
        new, obstacle = self._sign(content, community, following(before, now), now)
        unchanged = newest is not None and new is not None and new.digest == newest.digest
        if obstacle is not None and not unchanged:
            await catalogues.note_trouble(connection, Trouble(community, obstacle.value, now))
            return _Cached(edit, None if newest is None else _published(newest, obstacle), obstacle, now)
        await catalogues.end_trouble(connection, community)
        if unchanged and not needs_reissue(before, reported, now):
            return _Cached(edit, None if newest is None else _published(newest), None, now)
        assert new is not None  # otherwise there was an obstacle
        await catalogues.add(connection, new)
        return _Cached(edit, _published(new), None, now)

    def _sign(
        self, content: Content, community: str, version: int, now: datetime
    ) -> tuple[StoredCatalogue | None, Obstacle | None]:
        try:
            catalogue = Catalogue(
                version=min(version, MAX_VERSION),
                issued_at=now,
                projects=content.projects,
                bindings=content.bindings,
                beacons=content.beacons,
                pictures=content.pictures,
            )
            signed = sign(catalogue, self._key).model_dump_json()
        except ValidationError as error:
            _log.error("catalogue.too_large", community=community, reason=error.errors()[0]["msg"])
            return None, Obstacle.too_large
        undated = catalogue.model_copy(update={"version": 1, "issued_at": _EPOCH})
        digest = hashlib.sha256(key_id(self._key.public_key()).encode() + canonical(undated)).hexdigest()
        new = StoredCatalogue(catalogue.version, digest, signed, now, community)
        return new, Obstacle.no_number if version > MAX_VERSION else None


def _published(row: StoredCatalogue, obstacle: Obstacle | None = None) -> Published:
    return Published(row.version, row.digest, row.content, row.issued_at, obstacle)
