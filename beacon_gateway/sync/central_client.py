"""The central server as seen from a gateway: signed requests, and answers that are believed only when whole.

A captive portal answers 200 with a page, a proxy answers with half a body, a server in trouble with anything:
none of these may count as an acknowledgement. So an answer counts only with the right status, content type and
schema, within 1 MiB, and never through a redirect.
"""

import gzip
import json
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar
from urllib.parse import urlencode

import aiohttp
from pydantic import BaseModel, ValidationError
from yarl import URL

from beacon_gateway.model.parcels import WaitingParcel
from beacon_gateway.sync.ports import CentralRefusedUs, CentralUnreachable
from sync_contract.catalogue import CONTRACT as CATALOGUE_CONTRACT
from sync_contract.catalogue import Picture, SignedCatalogue
from sync_contract.enrolment import KEY_REVOKED, KEY_UNKNOWN, KeyRoll, KeyRolled
from sync_contract.gateway_report import NOTICED, GatewayReport, ReportTaken
from sync_contract.ledger_heads import Cosigned, CosignedTaken, Heads
from sync_contract.records import CONTRACT, IntentState, Outcomes, ParcelReceipt, ParcelReceipts
from sync_contract.request_signature import Signer

_ANSWER_LIMIT = 1024 * 1024
_CATALOGUE_LIMIT = 8 * 1024 * 1024
_RETRY_AFTER_CAP_S = 20
"""With a stage's longest wait after it (daemon.SYNC_CAP_S), within a minute: whoever asks for more may be no server."""
_Model = TypeVar("_Model", bound=BaseModel)
_TIMEOUT = aiohttp.ClientTimeout(total=30, sock_connect=5, sock_read=15)


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes
    etag: str


class Central:
    """Raises CentralUnreachable (or CentralRefusedUs) for everything that is not a whole, right answer.

    `signer` is asked for with each request, for the key is rolled.
    """

    def __init__(self, url: str, signer: Callable[[], Signer], session: aiohttp.ClientSession) -> None:
        self._url = url.rstrip("/")
        self._signer = signer
        self._session = session

    async def deliver(self, parcels: Sequence[WaitingParcel]) -> list[ParcelReceipt]:
        """Send parcels; the receipts, only those whose id was just sent."""
        batch = f'{{"contract":{CONTRACT},"parcels":[{",".join(parcel.text for parcel in parcels)}]}}'
        body = gzip.compress(batch.encode(), 6, mtime=0)
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        answer = await self._ask("POST", "/api/v1/parcels", body=body, headers=headers)
        sent = {parcel.id for parcel in parcels}
        return [receipt for receipt in _read(ParcelReceipts, answer).receipts if receipt.id in sent]

    async def outcomes(
        self,
        known: Mapping[str, IntentState],
        wait_s: int,
        uncoded: Collection[str] = (),
        tried: Mapping[str, bool] = MappingProxyType({}),
    ) -> Outcomes:
        """Wait until one of the intents is in another state than the one known here, or an `uncoded` one has a code,
        or the attempts of a `tried` one have all ended (True) or not (False) against what is known.
        """
        told = [*(("known", f"{intent}:{state}") for intent, state in known.items())]
        told += [("uncoded", intent) for intent in uncoded]  # an older server takes no notice
        told += [("tried", f"{intent}:{int(ended)}") for intent, ended in tried.items()]  # neither of this
        query = urlencode([*told, ("wait", wait_s)])
        timeout = aiohttp.ClientTimeout(total=wait_s + 15, sock_connect=5)
        return _read(Outcomes, await self._ask("GET", "/api/v1/outcomes", query=query, timeout=timeout))

    async def report(
        self, report: GatewayReport, ask: Collection[str] = (), noticed: Collection[str] = ()
    ) -> ReportTaken:
        """Say how this gateway is. `ask`: kinds of parcels; which of them the server takes stands in its answer.

        `noticed`: words of sync_contract.gateway_report, of what staff should know.
        """
        told = [*(("takes", kind) for kind in ask), *((NOTICED, word) for word in noticed)]
        query = urlencode(told)  # an older server takes no notice
        return _read(ReportTaken, await self._say("/api/v1/reports", report, query))

    async def roll(self, asked: KeyRoll) -> KeyRolled:
        """Have a new key accepted beside the one that signs this request."""
        return _read(KeyRolled, await self._say("/api/v1/keys", asked))

    async def catalogue(self, etag: str) -> tuple[SignedCatalogue, str] | None:
        """The catalogue and its ETag; None when it still is the one with `etag`."""
        headers = {"If-None-Match": etag} if etag else {}
        query = f"contract={CATALOGUE_CONTRACT}"  # an older server takes no notice
        answer = await self._ask("GET", "/api/v1/catalogue", query=query, headers=headers, limit=_CATALOGUE_LIMIT)
        return None if answer.status == 304 else (_read(SignedCatalogue, answer), answer.etag)

    async def picture(self, picture: Picture) -> bytes:
        """The octets that are given for it; whoever keeps them checks their sum."""
        path, limit = f"/api/v1/pictures/{picture.sha256}", picture.octets
        return (await self._ask("GET", path, limit=limit, content_type=picture.content_type)).body

    async def heads(self, known: Mapping[str, int]) -> Heads:
        """What the ledger published since the steps known here, by project."""
        query = urlencode([("known", f"{project}:{step}") for project, step in sorted(known.items())])
        return _read(Heads, await self._ask("GET", "/api/v1/heads", query=query))

    async def cosigned(self, said: Cosigned) -> CosignedTaken:
        """Say which heads are in order and which are not."""
        return _read(CosignedTaken, await self._say("/api/v1/cosignatures", said))

    async def _say(self, path: str, record: BaseModel, query: str = "") -> _Answer:
        body = record.model_dump_json().encode()
        return await self._ask("POST", path, query=query, body=body, headers={"Content-Type": "application/json"})

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout: aiohttp.ClientTimeout = _TIMEOUT,
        limit: int = _ANSWER_LIMIT,
        content_type: str = "application/json",
    ) -> _Answer:
        signed = self._signer().headers(method, path, query, body, int(time.time()))
        url = f"{self._url}{path}" + (f"?{query}" if query else "")
        try:
            async with self._session.request(
                method,
                URL(url, encoded=True),
                data=body or None,
                headers={**(headers or {}), **signed, "Accept-Encoding": "identity"},
                timeout=timeout,
                allow_redirects=False,
            ) as response:
                if response.status == 304 and method == "GET":
                    return _Answer(304, b"", "")
                if response.status != 200:
                    raise await _failure(response)
                if response.content_type != content_type:
                    raise CentralUnreachable(f"answered 200 with {response.content_type}: not our server, or a portal")
                return _Answer(200, await bounded(response, limit), response.headers.get("ETag", ""))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise CentralUnreachable(why(error)) from error


@asynccontextmanager
async def open_central(url: str, signer: Callable[[], Signer]) -> AsyncIterator[Central]:
    connector = aiohttp.TCPConnector(limit=4)
    async with aiohttp.ClientSession(
        connector=connector, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
    ) as session:
        yield Central(url, signer, session)


async def bounded(response: aiohttp.ClientResponse, limit: int) -> bytes:
    whole = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        whole += chunk
        if len(whole) > limit:
            raise CentralUnreachable(f"the answer is longer than {limit} octets")
    return bytes(whole)


def _read(model: type[_Model], answer: _Answer) -> _Model:
    try:
        return model.model_validate_json(answer.body)
    except ValidationError as error:
        raise CentralUnreachable(f"the answer is not {model.__name__}: {error.error_count()} faults") from error


def why(error: Exception) -> str:
    """A word for the log; the order goes from the particular to the general, as aiohttp's classes do."""
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
    """Seconds that the server wants us to wait, at most _RETRY_AFTER_CAP_S."""
    wait = response.headers.get("Retry-After", "")
    return min(float(wait), _RETRY_AFTER_CAP_S) if wait.isascii() and wait.isdigit() else None


async def _failure(response: aiohttp.ClientResponse) -> CentralUnreachable:
    word = await _word(response)
    if response.status == 401 and word in {KEY_REVOKED, KEY_UNKNOWN}:
        return CentralRefusedUs(word, retry_after(response), word)
    if response.status in {401, 403}:
        return CentralRefusedUs(f"status {response.status}: this gateway's key is not registered there")
    return CentralUnreachable(f"status {response.status}", retry_after(response), word)


async def _word(response: aiohttp.ClientResponse) -> str:
    """`code` of our server's problem document; empty when somebody else answered."""
    if response.content_type != "application/problem+json":
        return ""
    try:
        told = json.loads(await bounded(response, 64 * 1024))
    except (ValueError, RecursionError):
        return ""
    code = told.get("code") if isinstance(told, dict) else None
    return code if isinstance(code, str) else ""
