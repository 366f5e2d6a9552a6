"""The catalogue that gateways pull: signed, and a new version only when its content changes."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central_server.store import catalogues
from central_server.store.catalogues import KeptCatalogue
from central_server.store.database import Database
from sync_contract.catalogue import Binding, Catalogue, sign
from sync_contract.keys import key_id
from sync_contract.project import Project
from sync_contract.records import canonical


async def publish(
    database: Database, key: Ed25519PrivateKey, projects: Sequence[Project], bindings: Sequence[Binding], now: datetime
) -> KeptCatalogue:
    """The newest catalogue, which says what the arguments say and is signed by `key`."""
    draft = Catalogue(version=1, issued_at=now, projects=tuple(projects), bindings=tuple(bindings))
    said = canonical(draft.model_copy(update={"issued_at": datetime.fromtimestamp(0, now.tzinfo)}))
    digest = hashlib.sha256(key_id(key.public_key()).encode() + said).hexdigest()
    async with database.write() as connection:
        held = await catalogues.newest(connection)
        if held is not None and held.digest == digest:
            return held
        catalogue = draft.model_copy(update={"version": 1 if held is None else held.version + 1})
        new = KeptCatalogue(catalogue.version, digest, sign(catalogue, key).model_dump_json(), now)
        await catalogues.add(connection, new)
    return new
