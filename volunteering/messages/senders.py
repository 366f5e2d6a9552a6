"""Send one message to a telephone number: not at all in a drill, by mail, or through an SMS gateway (HTTP)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import aiohttp

from central_server.alerts.notifier import Message as Mail
from central_server.alerts.notifier import RecipientRefused, SendFailed
from central_server.alerts.notifier import Sender as MailServer
from central_server.settings_parts import MessageSettings
from central_server.state_files import StateRefused
from daemonkit.request_template import fill

_TIMEOUT = aiohttp.ClientTimeout(total=20, sock_connect=5)
_MAX_ANSWER = 16 * 1024
_MAX_REASON = 200


@dataclass(frozen=True, slots=True)
class Outgoing:
    """`id`: the same for each try of a message. `mobile`: 11 digits."""

    id: str
    mobile: str
    subject: str
    text: str


class NotSent(Exception):
    """The message was not accepted, so far as is known. `final`: further tries are useless. The text has no number."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(" ".join(reason.split())[:_MAX_REASON])
        self.final = final


class Sender(Protocol):
    async def send(self, message: Outgoing) -> None:
        """Raises NotSent."""
        ...


class ScreenSender:
    """For a drill: nothing leaves the server."""

    async def send(self, message: Outgoing) -> None:
        return


@dataclass(frozen=True, slots=True)
class MailToNumber:
    """`address`: with {mobile}. The mail server uses the message's id as Message-ID: mailboxes show it once."""

    server: MailServer
    address: str

    async def send(self, message: Outgoing) -> None:
        address = fill(self.address, {"mobile": message.mobile}, "")
        try:
            await self.server.send(address, Mail(message.subject, (message.text,), message.id))
        except SendFailed as error:
            reason = str(error).replace(message.mobile, "…")
            raise NotSent(reason, final=isinstance(error, RecipientRefused)) from error


@dataclass(frozen=True, slots=True)
class GatewaySender:
    """Sends one POST request for each message. `secret`: for the template."""

    settings: MessageSettings
    secret: str

    async def send(self, message: Outgoing) -> None:
        settings = self.settings
        values = {"mobile": message.mobile, "text": message.text, "id": message.id, "secret": self.secret}
        body = fill(settings.body, values, settings.content_type).encode()
        headers: dict[str, str] = {"Content-Type": settings.content_type}
        if settings.authorization:
            headers["Authorization"] = fill(settings.authorization, values, "")
        status, answer = await self._post(body, headers)
        if not 200 <= status < 300 or settings.accepted not in answer:
            raise NotSent(self._hide(f"status {status} {answer}", message.mobile))

    async def _post(self, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        jar = aiohttp.DummyCookieJar()
        try:
            async with (
                aiohttp.ClientSession(cookie_jar=jar, timeout=_TIMEOUT) as session,
                session.post(self.settings.url, data=body, headers=headers, allow_redirects=False) as response,
            ):
                answer = await response.content.read(_MAX_ANSWER)
                return response.status, answer.decode(errors="replace")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise NotSent(f"no answer: {type(error).__name__}") from error  # its text may contain the address

    def _hide(self, text: str, mobile: str) -> str:
        hidden = text.replace(mobile, "…")
        return hidden.replace(self.secret, "…") if self.secret else hidden


def open_sender(settings: MessageSettings, mail: MailServer | None) -> Sender:
    """Raises StateRefused for a secret that cannot be read."""
    if settings.kind == "http":
        return GatewaySender(settings, _secret(settings.secret_file))
    if settings.kind == "mail":
        assert mail is not None, "the settings demand a mail server"
        return MailToNumber(mail, settings.mail_address)
    return ScreenSender()


def _secret(file: str) -> str:
    if not file:
        return ""
    key = "volunteering.messages.secret_file"
    try:
        secret = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise StateRefused(f"{file}: {key} cannot be read: {reason}") from error
    if not secret or "\n" in secret:
        raise StateRefused(f"{file}: {key}: one line with the secret is expected")
    return secret
