"""No client sends anything to a server without a trusted certificate."""

import asyncio
import hashlib
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from yarl import URL

from beacon_gateway.sync import enrol
from beacon_gateway.sync.central_client import open_central
from beacon_gateway.sync.ports import CentralUnreachable
from central_server.alerts.channels import open_senders
from central_server.alerts.notifier import Message, SendFailed
from central_server.api.webhooks.receiver_addresses import AddressRules
from central_server.api.webhooks.sender import open_sender
from central_server.banks.port import BankUnavailable
from central_server.banks.unionpay.back_channel import post
from central_server.settings import AlertSettings, MailSettings
from central_server.store.engine.database import Database
from sync_contract.enrolment import Invitation, new_code
from sync_contract.request_signature import Signer
from tests.fakes.mail_server import self_signed
from tests.paths import ROOT

OURS = ("beacon_gateway", "central_server", "daemonkit", "kiosk_ui", "sync_contract", "volunteering")


@dataclass
class Stranger:
    url: str = ""
    heard: list[str] = field(default_factory=list)


@pytest.fixture
async def stranger(tmp_path: Path) -> AsyncIterator[Stranger]:
    found = Stranger()

    async def hear(request: web.Request) -> web.Response:
        found.heard.append(request.path)
        return web.json_response({})

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*self_signed(tmp_path))
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", hear)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    found.url = f"https://127.0.0.1:{runner.addresses[0][1]}"
    yield found
    await runner.cleanup()


async def gateway(url: str) -> None:
    async with open_central(url, lambda: Signer("0" * 16, Ed25519PrivateKey.generate())) as central:
        with pytest.raises(CentralUnreachable, match="certificate"):
            await central.fetch_catalogue("")


async def device(url: str) -> None:
    invitation = Invitation(url, new_code(bytes(15)), "0" * 16)
    with pytest.raises(CentralUnreachable, match="certificate"):
        await enrol.request_enrolment(invitation, Ed25519PrivateKey.generate(), None, pauses=())


async def test_only_the_pinned_certificate_replaces_the_check_of_a_bundle(stranger: Stranger) -> None:
    address = URL(stranger.url)
    pem = await asyncio.to_thread(ssl.get_server_certificate, (str(address.host), int(address.port or 0)))
    pin = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
    invitation, key = Invitation(stranger.url, new_code(bytes(15)), "0" * 16), Ed25519PrivateKey.generate()
    with pytest.raises(CentralUnreachable, match="certificate"):
        await enrol.request_enrolment(invitation, key, None, pauses=(), certificate="0" * 64)
    assert not stranger.heard, "the code was sent to another server"
    with pytest.raises(CentralUnreachable, match="not an enrolment answer"):
        await enrol.request_enrolment(invitation, key, None, pauses=(), certificate=pin)
    assert stranger.heard == ["/api/v1/enrolments"]


async def bank(url: str) -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(BankUnavailable, match="Certificate"):
            await post(session, url, {"orderId": "1"}, limit=1000)


async def robot(url: str) -> None:
    async with open_senders(AlertSettings(wecom=url), MailSettings()) as senders:
        with pytest.raises(SendFailed, match="Certificate"):
            await senders["wecom"].send("key", Message("subject", ("line",)))


@pytest.mark.parametrize("asks", [gateway, device, bank, robot], ids=lambda asks: asks.__name__)
async def test_no_request_reaches_a_server_without_a_trusted_certificate(
    stranger: Stranger, asks: Callable[[str], Awaitable[None]]
) -> None:
    await asks(stranger.url)
    assert stranger.heard == []


async def test_no_webhook_reaches_a_server_without_a_trusted_certificate(
    stranger: Stranger, database: Database
) -> None:
    async with open_sender(database, AddressRules(private_network=True), bytes(32)) as sender:
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await sender.client.post(stranger.url)
    assert stranger.heard == []


def test_no_client_disables_certificate_checks() -> None:
    undone = re.compile(
        r"CERT_NONE|check_hostname *= *False|verify_ssl|ssl *= *False|_create_unverified|trust_env=True"
    )
    sources = [each for name in OURS for each in (ROOT / name).rglob("*.py")]
    assert len(sources) > 300
    assert [str(each.relative_to(ROOT)) for each in sources if undone.search(each.read_text("utf-8"))] == []


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1:DeprecationWarning")  # that is what is asked about
@pytest.mark.parametrize(
    ("most", "speaks"),
    [
        (ssl.TLSVersion.TLSv1, ""),
        (ssl.TLSVersion.TLSv1_1, ""),
        (ssl.TLSVersion.TLSv1_2, "TLSv1.2"),
        (ssl.TLSVersion.TLSv1_3, "TLSv1.3"),
    ],
)
def test_no_client_accepts_less_than_tls_1_2(tmp_path: Path, most: ssl.TLSVersion, speaks: str) -> None:
    """aiohttp and smtplib make Python's own context, as here: Debian's OpenSSL says how old a peer may be."""
    certificate, key = self_signed(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    server.minimum_version, server.maximum_version = ssl.TLSVersion.TLSv1, most
    server.set_ciphers("ALL:@SECLEVEL=0")
    client = ssl.create_default_context(cafile=str(certificate))
    assert shaken(client, server) == speaks


def shaken(client: ssl.SSLContext, server: ssl.SSLContext) -> str:
    """The version on which both agree; empty when they do not."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    asks = client.wrap_bio(back, there, server_hostname="127.0.0.1")
    answers = server.wrap_bio(there, back, server_side=True)
    for _ in range(6):
        for side in (asks, answers):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError:
                return ""
    return asks.version() or ""
