"""A central server with keys only; it can pause before or after a change."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from daemonkit.web import problem
from sync_contract.enrolment import (
    KEY_REVOKED,
    EnrolmentAnswer,
    EnrolmentRefusal,
    EnrolmentRequest,
    KeyRoll,
    KeyRolled,
    new_code,
)
from sync_contract.keys import key_id, public_text, read_public
from sync_contract.request_signature import SignatureRefused, read

GATEWAY = "0123456789abcdef"


@dataclass
class KeyServer:
    """`keys`: accepted public keys, in order. `pause_at`: before, after or empty. `break_off`: answers to lose."""

    catalogue_key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    code: str = field(default_factory=lambda: new_code(bytes(15)))
    refuse: EnrolmentRefusal | None = None
    keys: list[str] = field(default_factory=list)
    used_by: str = ""
    pause_at: str = ""
    paused: asyncio.Event = field(default_factory=asyncio.Event)
    break_off: int = 0
    requests: int = 0

    async def enrol(self, request: web.Request) -> web.Response:
        self.requests += 1
        query = EnrolmentRequest.model_validate_json(await request.read())
        query.check()
        await self._maybe_pause("before")
        if self.refuse or query.code != self.code or self.used_by not in ("", query.public):
            refusal = self.refuse or EnrolmentRefusal.code_used
            return problem(409, "Conflict", code=refusal.value)
        self.used_by = query.public
        self.keys = [query.public]
        await self._maybe_pause("after")
        if self.break_off:
            self.break_off -= 1
            assert request.transport is not None
            request.transport.abort()
        answer = EnrolmentAnswer(
            gateway=GATEWAY,
            community="huada",
            label="hall",
            public=query.public,
            catalogue_key=public_text(self.catalogue_key.public_key()),
        )
        return web.json_response(text=answer.signed(self.catalogue_key).model_dump_json())

    async def roll(self, request: web.Request) -> web.Response:
        self.requests += 1
        body = await request.read()
        try:
            signature = read("POST", request.path, "", request.headers, body)
            (key,) = [text for text in self.keys if key_id(read_public(text)) == signature.key]
            signature.verify(read_public(key))
        except (SignatureRefused, ValueError):
            return problem(401, "Unauthorized", code=KEY_REVOKED)
        query = KeyRoll.model_validate_json(body)
        query.check()
        await self._maybe_pause("before")
        if self.refuse:
            return problem(409, "Conflict", code=self.refuse.value)
        if query.public not in self.keys:
            self.keys.append(query.public)
        await self._maybe_pause("after")
        return web.json_response(text=KeyRolled(key=key_id(read_public(query.public))).model_dump_json())

    async def _maybe_pause(self, when: str) -> None:
        if self.pause_at == when:
            self.paused.set()
            await asyncio.Event().wait()


@asynccontextmanager
async def serving_keys(server: KeyServer) -> AsyncIterator[str]:
    app = web.Application()
    app.add_routes([web.post("/api/v1/enrolments", server.enrol), web.post("/api/v1/keys", server.roll)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
