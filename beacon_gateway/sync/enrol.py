"""Enrol this device: send the code and a public key; receive its gateway id and the catalogue key to pin."""

import asyncio
import json

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError
from yarl import URL

from beacon_gateway.errors import GatewayError
from beacon_gateway.sync.central_client import error_word, read_bounded, retry_after
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
REQUEST_PAUSES = (1.0, 3.0)
"""Seconds before a request without an answer is repeated."""


class EnrolmentRefused(GatewayError):
    """The server refused. `refusal`: its reason; `wait_s`: how long it asks us to wait."""

    def __init__(self, refusal: EnrolmentRefusal, wait_s: float | None = None) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal
        self.wait_s = wait_s


class OtherServer(GatewayError):
    """The answering server does not have the key whose fingerprint is in the QR code."""


async def request_enrolment(
    invitation: Invitation,
    key: Ed25519PrivateKey,
    only_as: str | None,
    *,
    pauses: tuple[float, ...] = REQUEST_PAUSES,
    certificate: str = "",
) -> EnrolmentAnswer:
    """Send the code; return the checked answer. Lost answers are requested again: the request is idempotent.

    `certificate`: the SHA-256 of the server's certificate, in hexadecimal digits. It is then accepted whatever this
    device's clock and authorities say; another certificate must be valid as usual, because it may have been renewed.

    Raises EnrolmentRefused, OtherServer, CentralUnreachable.
    """
    request = EnrolmentRequest(code=invitation.code, public=public_text(key.public_key()), only_as=only_as).signed(key)
    for pause in (*pauses, None):
        try:
            answer = await _post_pinned(invitation.url, request, certificate)
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


async def _post_pinned(url: str, request: EnrolmentRequest, certificate: str) -> EnrolmentAnswer:
    if certificate:
        try:
            return await _post(url, request, aiohttp.Fingerprint(bytes.fromhex(certificate)))
        except _OtherCertificate:
            pass
    return await _post(url, request, True)


class _OtherCertificate(Exception):
    """The server's certificate is not the expected one; nothing was sent."""


async def _post(url: str, request: EnrolmentRequest, trust: aiohttp.Fingerprint | bool) -> EnrolmentAnswer:
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
                ssl=trust,
            ) as response,
        ):
            body = await read_bounded(response, _LIMIT)
            if response.status == 200 and response.content_type == "application/json":
                return EnrolmentAnswer.model_validate_json(body)
            raise _failure(response, body)
    except ValidationError as error:
        raise CentralUnreachable("the answer is not an enrolment answer") from error
    except aiohttp.ServerFingerprintMismatch as error:
        raise _OtherCertificate from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise CentralUnreachable(error_word(error)) from error


def _failure(response: aiohttp.ClientResponse, body: bytes) -> GatewayError:
    """Return EnrolmentRefused only for our server's problem document: a portal may answer instead."""
    wait = retry_after(response)
    if response.content_type == "application/problem+json":
        try:
            return EnrolmentRefused(EnrolmentRefusal(json.loads(body)["code"]), wait)
        except (ValueError, KeyError, TypeError):
            pass
    return CentralUnreachable(f"status {response.status}", wait)
