"""A device becomes a gateway: it brings a code and a key, and learns who it is and whom to believe."""

import asyncio
import json

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError
from yarl import URL

from beacon_gateway.errors import GatewayError
from beacon_gateway.sync.central_client import bounded, retry_after, why
from beacon_gateway.sync.ports import CentralUnreachable
from sync_contract.enrolment import (
    EnrolmentAnswer,
    EnrolmentMalformed,
    EnrolmentRefusal,
    EnrolmentRequest,
    Invitation,
)
from sync_contract.keys import public_text

_PATH = "/api/v1/enrolments"
_TIMEOUT = aiohttp.ClientTimeout(total=20, sock_connect=5, sock_read=10)
_LIMIT = 64 * 1024


class EnrolmentRefused(GatewayError):
    """The server answered no. `refusal` says why, `wait_s` how long it wants us to wait."""

    def __init__(self, refusal: EnrolmentRefusal, wait_s: float | None = None) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal
        self.wait_s = wait_s


class OtherServer(GatewayError):
    """What answered does not hold the key whose fingerprint stood in the QR."""


async def ask(
    invitation: Invitation, key: Ed25519PrivateKey, only_as: str | None, *, pauses: tuple[float, ...] = (1.0, 3.0)
) -> EnrolmentAnswer:
    """Bring the code; the checked answer. The same again is harmless, so what is broken off is tried again.

    Raises EnrolmentRefused, OtherServer, CentralUnreachable.
    """
    request = EnrolmentRequest(code=invitation.code, public=public_text(key.public_key()), only_as=only_as).signed(key)
    for pause in (*pauses, None):
        try:
            answer = await _post(invitation.url, request)
            answer.check(key.public_key(), invitation.fingerprint)
        except CentralUnreachable:
            if pause is None:
                raise
            await asyncio.sleep(pause)
        except EnrolmentMalformed as error:
            raise OtherServer(str(error)) from error
        else:
            return answer
    raise AssertionError("unreachable")


async def _post(url: str, request: EnrolmentRequest) -> EnrolmentAnswer:
    try:
        async with (
            aiohttp.ClientSession(
                auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
            ) as session,
            session.post(
                URL(f"{url.rstrip('/')}{_PATH}", encoded=True),
                data=request.model_dump_json().encode(),
                headers={"Content-Type": "application/json", "Accept-Encoding": "identity"},
                timeout=_TIMEOUT,
                allow_redirects=False,
            ) as response,
        ):
            body = await bounded(response, _LIMIT)
            if response.status == 200 and response.content_type == "application/json":
                return EnrolmentAnswer.model_validate_json(body)
            raise _failure(response, body)
    except ValidationError as error:
        raise CentralUnreachable("the answer is none of our server's") from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise CentralUnreachable(why(error)) from error


def _failure(response: aiohttp.ClientResponse, body: bytes) -> GatewayError:
    """A refusal counts only as our server words it: a portal on the way has no say in it."""
    wait = retry_after(response)
    if response.content_type == "application/problem+json":
        try:
            return EnrolmentRefused(EnrolmentRefusal(json.loads(body)["code"]), wait)
        except (ValueError, KeyError, TypeError):
            pass
    return CentralUnreachable(f"status {response.status}", wait)
