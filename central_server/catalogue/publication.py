"""The catalogue that a community's gateways pull: signed, and a new version only when its content changes.

It is made when somebody asks for it after an edit, in whichever process; the version is counted in the database.
"""

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from central_server.catalogue.content import content
from central_server.errors import CentralError
from central_server.store import catalogues, revised
from central_server.store.catalogues import KeptCatalogue
from central_server.store.connection import Connection
from central_server.store.database import Database
from sync_contract.catalogue import CONTRACTS, Catalogue, SignedCatalogue, sign, unsigned
from sync_contract.keys import key_id
from sync_contract.records import canonical
from sync_contract.strict import Environment

_log = structlog.get_logger()
_EPOCH = datetime.fromtimestamp(0, UTC)
_MOST_REMEMBERED = 1000
PAID_EVERY = timedelta(minutes=5)
"""A project with a goal tells what was paid; not every gift is a new version."""


class CatalogueTooLarge(CentralError):
    """The community has more projects, beacons or bindings than a catalogue holds, and none was published before."""


@dataclass(frozen=True, slots=True)
class Published:
    """`signed`: by contract, as JSON."""

    version: int
    digest: str
    signed: dict[int, str]


@dataclass(frozen=True, slots=True)
class _Remembered:
    edit: int
    published: Published
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
        self._clock = clock
        self._environment = environment
        self.platforms = platforms
        self._remembered: dict[str, _Remembered] = {}

    async def current(self, community: str, held: int = 0) -> Published:
        """The newest catalogue. `held`: a version that a gateway holds; the answer is never older than that one.

        Raises CatalogueTooLarge.
        """
        async with self._database.read() as connection:
            edit = await revised.newest_edit(connection, community)
        known = self._remembered.get(community)
        fresh = known is not None and known.edit == edit and self._clock() - known.at < PAID_EVERY
        if known is not None and fresh and known.published.version >= held:
            return known.published
        kept, edit = await self._database.written(lambda connection: self._publish(connection, community, held))
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        published = Published(kept.version, kept.digest, self._in_every_contract(kept))
        self._remembered[community] = _Remembered(edit, published, self._clock())
        return published

    async def _publish(self, connection: Connection, community: str, held: int) -> tuple[KeptCatalogue, int]:
        """The kept one when nothing changed. With the number of the newest edit that is in it."""
        await revised.begin(connection)
        edit = await revised.newest_edit(connection, community)
        newest = await catalogues.newest(connection, community)
        version = 1 + max(await catalogues.newest_version(connection), held)
        try:
            said = await content(connection, community, self._environment, self.platforms)
            catalogue = Catalogue(
                version=version,
                issued_at=self._clock(),
                projects=said.projects,
                bindings=said.bindings,
                beacons=said.beacons,
                pictures=said.pictures,
            )
            signed = sign(catalogue, self._key).model_dump_json()
        except ValidationError as error:
            if newest is None:
                raise CatalogueTooLarge(f"{community}: {error.errors()[0]['msg']}") from error
            _log.error("catalogue.too_large", community=community, reason=error.errors()[0]["msg"])
            return newest, edit
        undated = catalogue.model_copy(update={"version": 1, "issued_at": _EPOCH})
        digest = hashlib.sha256(key_id(self._key.public_key()).encode() + canonical(undated)).hexdigest()
        if newest is not None and newest.digest == digest and newest.version >= held:
            return newest, edit
        new = KeptCatalogue(version, digest, signed, catalogue.issued_at, community)
        await catalogues.add(connection, new)
        return new, edit

    def _in_every_contract(self, kept: KeptCatalogue) -> dict[int, str]:
        """The kept one may be of a contract of before."""
        catalogue = unsigned(SignedCatalogue.model_validate_json(kept.content))
        return {contract: sign(catalogue, self._key, contract).model_dump_json() for contract in CONTRACTS}
