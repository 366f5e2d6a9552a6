"""Open the senders of alerts: e-mail and WeCom robots."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from central_server.alerts.notifier import Sender
from central_server.alerts.wecom import RobotSender
from central_server.settings import AlertSettings, MailSettings
from central_server.state_files import StateRefused


@asynccontextmanager
async def open_senders(alerts: AlertSettings, mail: MailSettings) -> AsyncIterator[Mapping[str, Sender]]:
    """Yield senders by kind; mail only with a mail server. Raises StateRefused for an unreadable password file."""
    found: dict[str, Sender] = {}
    if mail.host:
        # imported late: without mail the email package is not loaded
        from central_server.alerts.mail import MailSender

        found["mail"] = MailSender(
            mail.host, mail.port, mail.security, mail.sender, mail.user, _password(mail.password_file)
        )
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        found["wecom"] = RobotSender(alerts.wecom, session)
        yield found


def _password(file: str) -> str:
    if not file:
        return ""
    try:
        password = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise StateRefused(f"{file}: mail.password_file cannot be read: {reason}") from error
    if not password or "\n" in password:
        raise StateRefused(f"{file}: mail.password_file: one line with the password is expected")
    return password
