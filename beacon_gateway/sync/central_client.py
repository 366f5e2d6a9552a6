"""The HTTP client of the central server: signed requests, strictly checked answers.

A captive portal answers 200 with a page, a proxy with half a body, a failing server with anything. So an answer counts
only with the right status, content type and schema, within 1 MiB, and never through a redirect.
"""

import gzip
import json
import math
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

import aiohttp
from pydantic import BaseModel, ValidationError
from yarl import URL

from beacon_gateway.model.parcels import WaitingParcel
from beacon_gateway.sync.ports import CentralRefusedUs, CentralUnreachable
from sync_contract.bulletin import SignedBulletin
from sync_contract.catalogue import Picture, SignedCatalogue
from sync_contract.enrolment import KEY_REVOKED, KEY_UNKNOWN, KeyRoll, KeyRolled
from sync_contract.gateway_report import NOTICED, GatewayReport, ReportTaken
from sync_contract.ledger_heads import Cosigned, CosignedTaken, Heads
from sync_contract.records import CONTRACT, IntentState, Outcomes, ParcelReceipt, ParcelReceipts
from sync_contract.request_signature import Signer
from sync_contract.site_offer import SiteOffer
from sync_contract.wire_record import InvalidRecord, decode

_MAX_ANSWER_BYTES = 1024 * 1024
_MAX_CATALOGUE_BYTES = 8 * 1024 * 1024
_MAX_RETRY_AFTER_S = 20
"""With a stage's longest wait after it (StageTimings.sync_cap_s), a minute: a longer request may come from a proxy."""
_Model = TypeVar("_Model", bound=BaseModel)
_TIMEOUT = aiohttp.ClientTimeout(total=30, sock_connect=5, sock_read=15)


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes
    etag: str


class CentralClient:
    """Every method raises CentralUnreachable (or CentralRefusedUs) unless the answer is complete and valid.

    `signer` is called for each request, because the key is rolled.
    """

    def __init__(self, url: str, signer: Callable[[], Signer], session: aiohttp.ClientSession) -> None:
        self._url = url.rstrip("/")
        self._authority = URL(url, encoded=True).host_port_subcomponent or ""
        self._signer = signer
        self._session = session
        self.answered_at = -math.inf
        """Monotonic seconds when the server last answered a request with success."""

    async def deliver_parcels(self, parcels: Sequence[WaitingParcel]) -> list[ParcelReceipt]:
        """Send parcels; return the receipts of the ids just sent."""
        batch = f'{{"contract":{CONTRACT},"parcels":[{",".join(parcel.text for parcel in parcels)}]}}'
        body = gzip.compress(batch.encode(), 6, mtime=0)
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        answer = await self._request("POST", "/api/v1/parcels", body=body, headers=headers)
        sent = {parcel.id for parcel in parcels}
        try:
            receipts = decode(ParcelReceipts, answer.body).receipts
        except InvalidRecord as error:
            raise CentralUnreachable(f"the answer is not ParcelReceipts: {error}") from error
        return [receipt for receipt in receipts if receipt.id in sent]

    async def poll_outcomes(
        self, known: Mapping[str, IntentState], wait_s: int, uncoded: Collection[str], tried: Mapping[str, bool]
    ) -> Outcomes:
        """Wait until an intent's state differs from the known one; see sync_contract.records.Outcomes."""
        query = [("known", f"{intent}:{state}") for intent, state in known.items()]
        query += [("uncoded", intent) for intent in uncoded]
        query += [("tried", f"{intent}:{int(ended)}") for intent, ended in tried.items()]
        timeout = aiohttp.ClientTimeout(total=wait_s + 15, sock_connect=5)
        text = urlencode([*query, ("wait", str(wait_s))])
        return _read(Outcomes, await self._request("GET", "/api/v1/outcomes", query=text, timeout=timeout))

    async def send_report(self, report: GatewayReport, noticed: Collection[str] = ()) -> ReportTaken:
        """Report this gateway's status. `noticed`: words of sync_contract.gateway_report that staff should see."""
        query = urlencode([(NOTICED, word) for word in noticed])
        return _read(ReportTaken, await self._post("/api/v1/reports", report, query))

    async def roll_key(self, request: KeyRoll) -> KeyRolled:
        """Register a new key; the current one signs the request."""
        return _read(KeyRolled, await self._post("/api/v1/keys", request))

    async def fetch_catalogue(self, etag: str) -> tuple[SignedCatalogue, str] | None:
        """Return the catalogue and its ETag; None when it still has `etag`."""
        headers = {"If-None-Match": etag} if etag else {}
        answer = await self._request("GET", "/api/v1/catalogue", headers=headers, limit=_MAX_CATALOGUE_BYTES)
        return None if answer.status == 304 else (_read(SignedCatalogue, answer), answer.etag)

    async def fetch_bulletin(self, etag: str) -> tuple[SignedBulletin, str] | None:
        """Return the bulletin and its ETag; None when it still has `etag`. A server without one answers 404."""
        headers = {"If-None-Match": etag} if etag else {}
        answer = await self._request("GET", "/api/v1/bulletin", headers=headers, limit=2 * _MAX_ANSWER_BYTES)
        return None if answer.status == 304 else (_read(SignedBulletin, answer), answer.etag)

    async def fetch_site_offer(self) -> SiteOffer:
        """Return the offered settings; the caller checks the signature."""
        return _read(SiteOffer, await self._request("GET", "/api/v1/site-offer"))

    async def fetch_picture(self, picture: Picture) -> bytes:
        """Return the content; the caller checks its checksum."""
        path, limit = f"/api/v1/pictures/{picture.sha256}", picture.size_bytes
        return (await self._request("GET", path, limit=limit, content_type=picture.content_type)).body

    async def fetch_heads(self, known: Mapping[str, int]) -> Heads:
        """Return the heads published after the known steps, by project."""
        query = urlencode([("known", f"{project}:{step}") for project, step in sorted(known.items())])
        return _read(Heads, await self._request("GET", "/api/v1/heads", query=query))

    async def send_cosignatures(self, cosigned: Cosigned) -> CosignedTaken:
        """Report accepted and refused heads."""
        return _read(CosignedTaken, await self._post("/api/v1/cosignatures", cosigned))

    async def _post(self, path: str, record: BaseModel, query: str = "") -> _Answer:
        body = record.model_dump_json().encode()
        return await self._request("POST", path, query=query, body=body, headers={"Content-Type": "application/json"})

    async def _request(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout: aiohttp.ClientTimeout = _TIMEOUT,
        limit: int = _MAX_ANSWER_BYTES,
        content_type: str = "application/json",
    ) -> _Answer:
        signed = self._signer().headers(method, self._authority, path, query, body, int(time.time()))
        url = f"{self._url}{path}" + (f"?{query}" if query else "")
        try:
            async with self._session.request(
                method,
                URL(url, encoded=True),
                data=body or None,
                headers={**(headers or {}), **signed, "Host": self._authority, "Accept-Encoding": "identity"},
                timeout=timeout,
                allow_redirects=False,
            ) as response:
                if response.status in {200, 304}:
                    self.answered_at = time.monotonic()
                if response.status == 304 and method == "GET":
                    return _Answer(304, b"", "")
                if response.status != 200:
                    raise await _failure(response)
                if response.content_type != content_type:
                    raise CentralUnreachable(f"answered 200 with {response.content_type}: not our server, or a portal")
                return _Answer(200, await read_bounded(response, limit), response.headers.get("ETag", ""))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise CentralUnreachable(error_word(error)) from error


@asynccontextmanager
async def open_central(url: str, signer: Callable[[], Signer]) -> AsyncIterator[CentralClient]:
    connector = aiohttp.TCPConnector(limit=4)
    async with aiohttp.ClientSession(
        connector=connector, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
    ) as session:
        yield CentralClient(url, signer, session)


async def read_bounded(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """Return the body. Raises CentralUnreachable beyond `limit` bytes."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > limit:
            raise CentralUnreachable(f"the answer is longer than {limit} bytes")
    return bytes(body)


def _read(model: type[_Model], answer: _Answer) -> _Model:
    try:
        return model.model_validate_json(answer.body)
    except ValidationError as error:
        raise CentralUnreachable(f"the answer is not {model.__name__}: {error.error_count()} faults") from error


def error_word(error: Exception) -> str:
    """Return a word for the log. Subclasses are matched first."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return "name_unknown"
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
            return "certificate"
        case TimeoutError():
            return "no_answer"
        case aiohttp.ClientConnectorError():
            return "no_connection"
    return f"broken_off: {type(error).__name__}"


def retry_after(response: aiohttp.ClientResponse) -> float | None:
    """Return the seconds that the server asks us to wait, at most _MAX_RETRY_AFTER_S."""
    wait = response.headers.get("Retry-After", "")
    return min(float(wait), _MAX_RETRY_AFTER_S) if wait.isascii() and wait.isdigit() else None


async def _failure(response: aiohttp.ClientResponse) -> CentralUnreachable:
    word = await _problem_code(response)
    if response.status == 401 and word in {KEY_REVOKED, KEY_UNKNOWN}:
        return CentralRefusedUs(word, retry_after(response), word)
    if response.status in {401, 403}:
        return CentralRefusedUs(f"status {response.status}: this gateway's key is not registered there")
    return CentralUnreachable(f"status {response.status}", retry_after(response), word)


async def _problem_code(response: aiohttp.ClientResponse) -> str:
    """Return `code` of our server's problem document; empty for any other answer."""
    if response.content_type != "application/problem+json":
        return ""
    try:
        document = json.loads(await read_bounded(response, 64 * 1024))
    except (ValueError, RecursionError):
        return ""
    code = document.get("code") if isinstance(document, dict) else None
    return code if isinstance(code, str) else ""
