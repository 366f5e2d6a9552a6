"""Make an enrolment bundle for a gateway's card, list the bundles, and revoke one."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from central_server.accounts.access import Right
from central_server.catalogue.advertisable_beacons import list_advertisable
from central_server.catalogue.beacon_project import project_at
from central_server.catalogue.display_name import NameLookup
from central_server.enrolment import enrolment_codes
from central_server.enrolment.enrolment_codes import BUNDLE_LIFETIME, Inviting
from central_server.enrolment.own_certificate import read_own_certificate
from central_server.staff.enrolment.gateway_page import requested_gateway
from central_server.staff.frame.page_frame import FileDownload, HtmlPage, PageFrame, Redirect, Visitor
from central_server.store.accounts import audit_actions
from central_server.store.catalogue.beacons import StoredBeacon
from central_server.store.engine.connection import Connection
from central_server.store.enrolment import gateways, issued_codes
from central_server.store.enrolment.gateways import Gateway
from sync_contract.enrolment_bundle import (
    BUNDLE_FILE,
    BundleBeacon,
    BundleEnrolment,
    BundleNetwork,
    BundleSite,
    EnrolmentBundle,
    format_bundle,
)
from sync_contract.project import Texts
from sync_contract.strict_model import Environment, Language

_ONE = "/staff/gateways/{gateway:[0-9a-f]{16}}/bundle"
_LISTED = 200
ROTATIONS = (0, 90, 180, 270)
_FIELDS = ("beacon", "language", "time_zone", "rotation", "wifi", "passphrase")
_DEFAULTS = {"language": Language.zh_hans.value, "time_zone": "Asia/Shanghai", "rotation": "0"}


class BundlePage:
    def __init__(self, frame: PageFrame, inviting: Inviting, site: Texts, environment: Environment) -> None:
        self._frame = frame
        self._inviting = inviting
        self._names = NameLookup(site)
        self._environment = environment

    def routes(self) -> list[web.RouteDef]:
        return [
            self._frame.page("/staff/gateways/bundles", self._list),
            self._frame.page(_ONE, self._ask, Right.edit),
            self._frame.form(_ONE, self._make, Right.edit),
            self._frame.form(f"{_ONE}/revoke", self._revoke, Right.edit),
        ]

    async def _list(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            codes = await issued_codes.bundles(connection, visitor.tops, _LISTED)
            known = await gateways.every(connection, visitor.tops, {code.gateway for code in codes})
        labels = {gateway.id: gateway.label for gateway in known}
        edits = visitor.access.has(Right.edit)
        values = {"codes": codes, "labels": labels, "now": visitor.now, "edits": edits, "limit": _LISTED}
        return HtmlPage("bundles.html", values)

    async def _ask(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            gateway = await _in_service(connection, visitor)
            candidates = await list_advertisable(connection, gateway)
        own = next((each.id for each in candidates if each.gateway == gateway.id), "")
        return self._form(gateway, candidates, _DEFAULTS | {"beacon": own})

    async def _make(self, visitor: Visitor) -> HtmlPage | FileDownload:
        """Answer with the file. It contains the Wi-Fi passphrase and the code, and this server stores neither."""
        given = {name: visitor.form.get(name, "") for name in _FIELDS}
        certificate = await read_own_certificate(self._inviting.url())
        async with visitor.database.write() as connection:
            gateway = await _in_service(connection, visitor)
            candidates = await list_advertisable(connection, gateway)
            chosen = next((each for each in candidates if each.id == given["beacon"]), None)
            if given["beacon"] and chosen is None:
                return self._form(gateway, candidates, given, "beacon")
            wifi, passphrase = given["wifi"].strip(), given["passphrase"]
            if passphrase and not wifi:
                return self._form(gateway, candidates, given, "wifi")
            try:
                network = BundleNetwork(wifi=wifi, passphrase=passphrase)
                site = await self._site(connection, gateway, given)
            except ValidationError as error:
                return self._form(gateway, candidates, given, str(error.errors()[0]["loc"][-1]))
            beacon = await self._beacon(connection, chosen, visitor)
            code = await enrolment_codes.make_code(
                connection, gateway, visitor.access.account, visitor.now, bundle=True
            )
            await visitor.record(connection, gateway.community, audit_actions.BundleMade(gateway.id, gateway.label))
        enrolment = BundleEnrolment(
            code=code,
            expires=visitor.now + BUNDLE_LIFETIME,
            server=self._inviting.url(),
            fingerprint=self._inviting.fingerprint,
            certificate_sha256=certificate,
        )
        bundle = EnrolmentBundle(enrolment=enrolment, site=site, beacon=beacon, network=network)
        return FileDownload(BUNDLE_FILE, "application/toml", format_bundle(bundle).encode())

    async def _revoke(self, visitor: Visitor) -> Redirect:
        async with visitor.database.write() as connection:
            gateway = await requested_gateway(connection, visitor)
            await gateways.lock(connection, gateway.id)
            newest = await issued_codes.newest(connection, gateway.id)
            if newest is not None and newest.bundle and newest.waits(visitor.now):
                await issued_codes.withdraw(connection, gateway.id, visitor.now)
                done = audit_actions.BundleRevoked(gateway.id, gateway.label)
                await visitor.record(connection, gateway.community, done)
        return Redirect("/staff/gateways/bundles")

    async def _site(self, connection: Connection, gateway: Gateway, given: Mapping[str, str]) -> BundleSite:
        """Raises ValidationError."""
        fields: dict[str, Any] = {
            "hall": gateway.label,
            "community": await self._names.at(connection, gateway.community),
            "environment": self._environment,
            "language": given["language"],
            "time_zone": given["time_zone"].strip(),
            "rotation": next((each for each in ROTATIONS if str(each) == given["rotation"]), None),
        }
        return BundleSite.model_validate(fields, strict=False)

    async def _beacon(
        self, connection: Connection, chosen: StoredBeacon | None, visitor: Visitor
    ) -> BundleBeacon | None:
        if chosen is None:
            return None
        shown = await project_at(connection, chosen.beacon, visitor.now, self._environment)
        identity = chosen.beacon
        return BundleBeacon(
            uuid=identity.uuid,
            major=identity.major,
            minor=identity.minor,
            project=shown.project.id if shown is not None else None,
        )

    def _form(
        self, gateway: Gateway, candidates: tuple[StoredBeacon, ...], given: Mapping[str, str], fault: str = ""
    ) -> HtmlPage:
        values = {
            "gateway": gateway,
            "beacons": candidates,
            "given": {name: given.get(name, "") for name in _FIELDS},
            "fault": fault,
            "rotations": ROTATIONS,
            "days": BUNDLE_LIFETIME // timedelta(days=1),
        }
        return HtmlPage("bundle_new.html", values, 422 if fault else 200)


async def _in_service(connection: Connection, visitor: Visitor) -> Gateway:
    """Raises HTTPNotFound."""
    gateway = await requested_gateway(connection, visitor)
    if gateway.retired_at is not None:
        raise web.HTTPNotFound
    return gateway
