"""The catalogue that a community's gateways pull: signed, and a new version only when its content changes.

It is made when somebody asks for it after an edit, in whichever process. Versions are the community's own, counted in
the database and never below the clock: see `numbers`.
"""

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from central_server.catalogue.catalogue_content import Content, content
from central_server.catalogue.catalogue_version import MOST, following, is_behind
from central_server.errors import CentralError
from central_server.store.catalogue import catalogues
from central_server.store.catalogue.catalogues import StoredCatalogue, Trouble
from central_server.store.engine import versioned_rows
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from sync_contract.catalogue import CONTRACTS, Catalogue, SignedCatalogue, sign, unsigned
from sync_contract.keys import key_id
from sync_contract.records import canonical
from sync_contract.strict_model import Environment

_log = structlog.get_logger()
_EPOCH = datetime.fromtimestamp(0, UTC)
_MOST_REMEMBERED = 1000
PAID_EVERY = timedelta(minutes=5)
"""A project with a goal tells what was paid; not every gift is a new version."""


class Stuck(StrEnum):
    """Why the newest edits of a community cannot be published."""

    too_large = "too_large"
    """More projects, beacons or bindings than a catalogue holds."""
    no_number = "no_number"
    """The greatest number that there is was used."""


_WHY = {
    Stuck.too_large: "more projects, beacons or bindings than a catalogue holds",
    Stuck.no_number: "the greatest number of a catalogue was used",
}


class CatalogueStuck(CentralError):
    """The community's first catalogue cannot be made; `reason` says why."""

    def __init__(self, community: str, reason: Stuck) -> None:
        super().__init__(f"{community}: {_WHY[reason]}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Published:
    """`signed`: by contract, as JSON. `stuck`: there are newer edits, which cannot be published."""

    version: int
    digest: str
    signed: dict[int, str]
    issued_at: datetime
    stuck: Stuck | None = None


@dataclass(frozen=True, slots=True)
class _Made:
    """`kept` None: there is none. `edit`: the number of the newest one that was looked at."""

    kept: StoredCatalogue | None
    edit: int
    stuck: Stuck | None


@dataclass(frozen=True, slots=True)
class _Remembered:
    edit: int
    published: Published | None
    stuck: Stuck | None
    at: datetime


class Publication:
    """What was published last is remembered for as long as nobody edits; what was paid is looked at now and then.

    `platforms`: as in `content`.
    """

    def __init__(
        self,
        database: Database,
        key: Ed25519PrivateKey,
        clock: Callable[[], datetime],
        environment: Environment,
        platforms: Collection[str] | None = None,
    ) -> None:
        self._database = database
        self._key = key
        self.now = clock
        self.environment = environment
        self.platforms = platforms
        self._remembered: dict[str, _Remembered] = {}

    async def current(self, community: str, held: int = 0) -> Published:
        """`held`: what a gateway says it holds, see `numbers.is_behind`. Raises CatalogueStuck."""
        async with self._database.read() as connection:
            edit = await versioned_rows.newest_edit(connection, community)
        known = self._remembered.get(community)
        now = self.now()
        if (
            known is None
            or known.edit != edit
            or now - known.at >= PAID_EVERY
            or (known.published is not None and is_behind(known.published.version, held, now))
        ):
            made = await self._database.written(lambda connection: self._publish(connection, community, held, now))
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            known = _Remembered(made.edit, self._told(made), made.stuck, now)
            self._remembered[community] = known
        if known.published is None:
            assert known.stuck is not None  # or there is one
            raise CatalogueStuck(community, known.stuck)
        return known.published

    async def _publish(self, connection: Connection, community: str, held: int, now: datetime) -> _Made:
        """The kept one when nothing changed, or nothing newer can be made."""
        await versioned_rows.begin(connection)
        edit = await versioned_rows.newest_edit(connection, community)
        newest = await catalogues.newest(connection, community)
        before = newest.version if newest is not None else 0
        said = await content(connection, community, self.environment, self.platforms)
        version = following(before, now)
        new, stuck = self._made(said, community, version, now)
        unchanged = newest is not None and new is not None and new.digest == newest.digest
        if stuck is not None and not unchanged:
            await catalogues.note_trouble(connection, Trouble(community, stuck.value, now))
            return _Made(newest, edit, stuck)
        await catalogues.end_trouble(connection, community)
        if unchanged and not is_behind(before, held, now):
            return _Made(newest, edit, None)
        assert new is not None  # or it was stuck
        await catalogues.add(connection, new)
        return _Made(new, edit, None)

    def _made(
        self, said: Content, community: str, version: int, now: datetime
    ) -> tuple[StoredCatalogue | None, Stuck | None]:
        """With a number that is used up, what it would be."""
        try:
            catalogue = Catalogue(
                version=min(version, MOST),
                issued_at=now,
                projects=said.projects,
                bindings=said.bindings,
                beacons=said.beacons,
                pictures=said.pictures,
            )
            signed = sign(catalogue, self._key).model_dump_json()
        except ValidationError as error:
            _log.error("catalogue.too_large", community=community, reason=error.errors()[0]["msg"])
            return None, Stuck.too_large
        undated = catalogue.model_copy(update={"version": 1, "issued_at": _EPOCH})
        digest = hashlib.sha256(key_id(self._key.public_key()).encode() + canonical(undated)).hexdigest()
        new = StoredCatalogue(catalogue.version, digest, signed, now, community)
        return new, Stuck.no_number if version > MOST else None

    def _told(self, made: _Made) -> Published | None:
        kept = made.kept
        if kept is None:
            return None
        return Published(kept.version, kept.digest, self._in_every_contract(kept), kept.issued_at, made.stuck)

    def _in_every_contract(self, kept: StoredCatalogue) -> dict[int, str]:
        """The kept one may be of a contract of before."""
        catalogue = unsigned(SignedCatalogue.model_validate_json(kept.content))
        return {contract: sign(catalogue, self._key, contract).model_dump_json() for contract in CONTRACTS}
