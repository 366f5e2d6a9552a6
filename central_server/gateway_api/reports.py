"""Serves POST /api/v1/reports: a gateway sends its status."""

from collections.abc import Callable
from datetime import datetime

from aiohttp import web

from central_server.enrolment.request_verification import signed_json
from central_server.rejected_requests import Refusals
from central_server.store.engine.database import Database
from central_server.store.enrolment import gateway_reports
from central_server.store.enrolment.gateway_reports import Report
from central_server.store.enrolment.rejected_requests import Noticed
from daemonkit.web import problem
from sync_contract.gateway_report import CATALOGUE_OLDER, NOTICED, REPORT_REPLAYED, GatewayReport, ReportTaken


class ReportsApi:
    def __init__(self, database: Database, refusals: Refusals, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._refusals = refusals
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/api/v1/reports", self._post)]

    async def _post(self, request: web.Request) -> web.Response:
        now = self._clock()
        found = await signed_json(request, GatewayReport, self._database, self._refusals, now)
        if isinstance(found, web.Response):
            return found
        gateway, key, report = found
        row = Report(
            gateway=gateway.id,
            community=gateway.community,
            received_at=now,
            every_s=report.every_s,
            hearing=report.hearing.value,
            hearing_since=now,
            radio=report.radio,
            advert=report.advert,
            off_air_since=now if report.off_air else None,
            version=report.version,
            configuration=report.configuration,
            old_settings=report.old_settings,
            waiting=report.waiting,
            refused=report.refused,
            damaged=report.damaged,
            catalogue_version=report.catalogue_version,
            clock_trusted=report.clock.reliable,
            clock_off_s=round((report.clock.wall - now).total_seconds()),
            uptime_s=report.uptime_s,
            epoch=report.epoch,
            boot=report.clock.boot,
            monotonic_ns=report.clock.monotonic_ns,
        )
        async with self._database.write() as connection:
            is_newer = await gateway_reports.store(connection, row)
        if not is_newer:
            self._refusals.count("request", REPORT_REPLAYED, f"gateway {gateway.id}")
            await self._refusals.doorstep.notice(self._database, Noticed.report_replayed, gateway.id, now)
            detail = "a report of this boot is later, or another boot of this gateway reported since"
            return problem(409, "Conflict", detail, code=REPORT_REPLAYED)
        if CATALOGUE_OLDER in request.query.getall(NOTICED, ()):
            await self._refusals.doorstep.notice(self._database, Noticed.catalogue_older, gateway.id, now)
        age = max(0, round((now - key.added_at).total_seconds()))
        return web.json_response(text=ReportTaken(key_age_s=age).model_dump_json())
