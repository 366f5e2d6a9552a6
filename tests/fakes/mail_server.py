"""A real mail server (aiosmtpd) on a free port, optionally with STARTTLS and login."""

import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.ports import own_port


@dataclass
class PostOffice:
    """`refused`: unknown addresses. `trust`: the TLS context that accepts its certificate."""

    port: int = 0
    came: list[EmailMessage] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    trust: ssl.SSLContext | None = None

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.came.append(mail)
        return "250 OK"


@contextmanager
def running_post_office(folder: Path, *, login: tuple[str, str] | None = None) -> Iterator[PostOffice]:
    """Run the server. `login`: name and password, required after STARTTLS."""
    office = PostOffice()
    options: dict[str, Any] = {}
    if login is not None:
        certificate, key = self_signed(folder)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
        office.trust = ssl.create_default_context(cafile=str(certificate))

        def judge(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
            assert isinstance(data, LoginPassword)
            return AuthResult(success=(data.login.decode(), data.password.decode()) == login, handled=False)

        options = {"require_starttls": True, "tls_context": context, "auth_required": True, "authenticator": judge}
    controller = Controller(office, hostname="127.0.0.1", port=own_port(), **options)
    controller.start()
    office.port = controller.port
    try:
        yield office
    finally:
        controller.stop()


def self_signed(folder: Path) -> tuple[Path, Path]:
    """Create a self-signed certificate of 127.0.0.1; return it and its key."""
    certificate, key = folder / "mail.crt", folder / "mail.key"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, *names, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    return certificate, key
