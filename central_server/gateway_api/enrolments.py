"""Serves POST /api/v1/enrolments, which makes a device a gateway, and POST /api/v1/keys, which rolls its key."""

import math
from collections.abc import Callable
from datetime import datetime

import structlog
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central_server.enrolment import enrolment_codes, key_roll_and_revocation
from central_server.enrolment.enrolment_codes import CodeRefused
from central_server.enrolment.gateways import EnrolmentRefused
from central_server.enrolment.request_verification import signed_json
from central_server.enrolment.wrong_codes import WrongCodes
from central_server.rejected_requests import Refusals
from central_server.store.engine.database import Database
from central_server.store.enrolment.rejected_requests import Noticed
from daemonkit.web import identify_client, problem, read_json
from sync_contract.enrolment import (
    EnrolmentAnswer,
    EnrolmentMalformed,
    EnrolmentRefusal,
    EnrolmentRequest,
    KeyRoll,
    KeyRolled,
)
from sync_contract.keys import public_text

_log = structlog.get_logger()
_DETAILS = {
    EnrolmentRefusal.code_unknown: "there is no such code: check it, or ask for a new one",
    EnrolmentRefusal.code_expired: "the code has expired: ask for a new one",
    EnrolmentRefusal.code_used: "the code was used by another device: ask for a new one",
    EnrolmentRefusal.code_revoked: "a newer code was made, or this one was withdrawn: ask for the newest one",
    EnrolmentRefusal.key_known: "this device's key is known already: generate a new one",
    EnrolmentRefusal.other_place: "the code is for another gateway than the one whose records this device has",
    EnrolmentRefusal.too_many: "too many wrong codes came from here: wait, then try again",
}


class EnrolmentApi:
    """`catalogue_key` signs the answers, so that a device knows which server enrolled it."""

    def __init__(
        self,
        database: Database,
        catalogue_key: Ed25519PrivateKey,
        refusals: Refusals,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._catalogue_key = catalogue_key
        self._refusals = refusals
        self._clock = clock
        self._wrong_codes = WrongCodes(database, refusals, clock)

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/api/v1/enrolments", self._enrol), web.post("/api/v1/keys", self._roll)]

    async def _enrol(self, request: web.Request) -> web.Response:
        enrolment = await read_json(request, EnrolmentRequest)
        try:
            enrolment.check()
        except EnrolmentMalformed:
            return problem(400, "Bad Request", "the device's proof does not fit its key")
        try:
            gateway = await enrolment_codes.enrol(self._database, enrolment, self._clock())
        except CodeRefused as error:
            return await self._refused(request, error)
        _log.info("gateway.enrolled", gateway=gateway.id, community=gateway.community)
        answer = EnrolmentAnswer(
            gateway=gateway.id,
            community=gateway.community,
            label=gateway.label,
            public=enrolment.public,
            catalogue_key=public_text(self._catalogue_key.public_key()),
        )
        return web.json_response(text=answer.signed(self._catalogue_key).model_dump_json())

    async def _refused(self, request: web.Request, error: CodeRefused) -> web.Response:
        if error.refusal is not EnrolmentRefusal.code_unknown:  # a code of ours, so no guess
            self._refusals.count("enrolment", error.refusal.value, f"gateway {error.gateway}")
            if error.refusal is EnrolmentRefusal.code_used:
                notice = self._refusals.doorstep.notice
                await notice(self._database, Noticed.code_used, error.gateway, self._clock())
            return problem(409, "Conflict", _DETAILS[error.refusal], code=error.refusal.value)
        wait = await self._wrong_codes.count(identify_client(request))
        if not wait:
            return problem(404, "Not Found", _DETAILS[error.refusal], code=error.refusal.value)
        refusal = EnrolmentRefusal.too_many
        answer = problem(429, "Too Many Requests", _DETAILS[refusal], code=refusal.value)
        answer.headers["Retry-After"] = str(math.ceil(wait))
        return answer

    async def _roll(self, request: web.Request) -> web.Response:
        now = self._clock()
        found = await signed_json(request, KeyRoll, self._database, self._refusals, now)
        if isinstance(found, web.Response):
            return found
        gateway, old, roll = found
        try:
            new = await key_roll_and_revocation.roll(self._database, gateway, old, roll, now)
        except EnrolmentRefused as error:
            self._refusals.count("enrolment", "roll", f"gateway {gateway.id}: {error}")
            return problem(409, "Conflict", str(error), code=EnrolmentRefusal.key_known.value)
        _log.info("gateway.key_rolled", gateway=gateway.id, key=new)
        return web.json_response(text=KeyRolled(key=new).model_dump_json())
