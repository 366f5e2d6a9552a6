"""Send alerts by e-mail through the operator's mail server (SMTP, RFC 5321; STARTTLS or TLS)."""

import asyncio
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Literal

from central_server.alerts.notifier import Message, RecipientRefused, SendFailed

_TIMEOUT_S = 10
"""For each reply of the mail server."""
_MAX_S = 20
_PERMANENT = 500
"""From this reply code on, a further try is useless (RFC 5321, 4.2.1)."""


@dataclass(frozen=True, slots=True)
class MailSender:
    """`security`: starttls, tls, or none (then there is no password). Satisfies `Sender`."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    sender: str
    user: str = ""
    password: str = ""
    trust: ssl.SSLContext | None = None

    async def send(self, address: str, message: Message) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self.sender, address, message.subject
        domain = self.sender.rpartition("@")[2]
        own = f"<{message.reference}@{domain}>" if message.reference else make_msgid(domain=domain)
        mail["Date"], mail["Message-ID"] = formatdate(), own
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no automatic reply
        mail.set_content("\n\n".join(message.lines) + "\n")
        try:
            async with asyncio.timeout(_MAX_S):
                await asyncio.to_thread(self._send, mail)
        except TimeoutError as error:
            raise SendFailed(f"{self.host}:{self.port}: too slow") from error

    def _send(self, mail: EmailMessage) -> None:
        trust = self.trust or ssl.create_default_context()
        try:
            with self._connected(trust) as server:
                if self.security == "starttls":
                    server.starttls(context=trust)
                if self.user:
                    server.login(self.user, self.password)
                server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            final = all(code >= _PERMANENT for code, _text in error.recipients.values())
            kind = RecipientRefused if final else SendFailed
            raise kind(f"{self.host}:{self.port}: {_plain(error)}") from error
        except (smtplib.SMTPException, OSError) as error:
            raise SendFailed(f"{self.host}:{self.port}: {_plain(error)}") from error

    def _connected(self, trust: ssl.SSLContext) -> smtplib.SMTP:
        if self.security == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=_TIMEOUT_S, context=trust)
        return smtplib.SMTP(self.host, self.port, timeout=_TIMEOUT_S)


def _plain(error: Exception) -> str:
    """Return the server's reply, or the error, on one line."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        answers = [f"{code} {text.decode(errors='replace')}" for code, text in error.recipients.values()]
        return " ".join("; ".join(answers).split())
    if isinstance(error, smtplib.SMTPResponseException):
        reply = error.smtp_error
        text = reply.decode(errors="replace") if isinstance(reply, bytes) else reply
        return " ".join(f"{error.smtp_code} {text}".split())
    return " ".join(f"{type(error).__name__} {error}".split())
