"""Serves GET /api/v1/site-offer: what an enrolled gateway may write into its settings."""

from collections.abc import Callable
from datetime import datetime

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central_server.catalogue.advertisable_beacons import list_advertisable
from central_server.catalogue.beacon_project import project_at
from central_server.catalogue.display_name import NameLookup
from central_server.enrolment.request_verification import signer
from central_server.rejected_requests import Refusals
from central_server.store.catalogue.beacons import StoredBeacon
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.enrolment.gateways import Gateway
from sync_contract.project import Texts
from sync_contract.site_offer import MAX_OFFERED, OfferedBeacon, SiteOffer
from sync_contract.strict_model import Environment


class SiteOffersApi:
    """`site`: the server's own name, for a community without one. `catalogue_key` signs the offers."""

    def __init__(
        self,
        database: Database,
        catalogue_key: Ed25519PrivateKey,
        site: Texts,
        environment: Environment,
        refusals: Refusals,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._catalogue_key = catalogue_key
        self._names = NameLookup(site)
        self._environment = environment
        self._refusals = refusals
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api/v1/site-offer", self._get)]

    async def _get(self, request: web.Request) -> web.Response:
        now = self._clock()
        gateway = await signer(request, b"", self._database, self._refusals, now)
        if not isinstance(gateway, Gateway):
            return gateway
        async with self._database.read() as connection:
            found = (await list_advertisable(connection, gateway))[:MAX_OFFERED]
            offer = SiteOffer(
                gateway=gateway.id,
                hall=gateway.label,
                community=await self._names.at(connection, gateway.community),
                environment=self._environment,
                beacons=tuple([await self._describe(connection, each, now) for each in found]),
            )
        return web.json_response(text=offer.signed(self._catalogue_key).model_dump_json(by_alias=True))

    async def _describe(self, connection: Connection, stored: StoredBeacon, now: datetime) -> OfferedBeacon:
        shown = await project_at(connection, stored.beacon, now, self._environment)
        project = shown.project if shown is not None else None
        return OfferedBeacon(
            uuid=stored.beacon.uuid,
            major=stored.beacon.major,
            minor=stored.beacon.minor,
            label=stored.label,
            project=project.id if project else None,
            title=project.title if project else None,
        )
