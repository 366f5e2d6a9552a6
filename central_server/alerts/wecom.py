"""Send alerts to a group chat of WeCom (企業微信) through the group's robot (群機器人 webhook).

The robot takes `POST <origin>/cgi-bin/webhook/send?key=<key>` with `{"msgtype": "text", "text": {"content": …}}`,
at most 2,048 bytes of UTF-8 and 20 messages a minute, and answers `{"errcode": 0}`
(企業微信開發者中心, 群機器人配置說明).
Channels store only the key: messages go to no other origin than that of the settings.
"""

import json

import aiohttp

from central_server.alerts.notifier import Message, SendFailed

MAX_BYTES = 2048
_TIMEOUT = aiohttp.ClientTimeout(total=15, sock_connect=5)
_MAX_REPLY = 8 * 1024


class RobotSender:
    """Satisfies `Sender`. `origin`: https://qyapi.weixin.qq.com, or where a test listens."""

    def __init__(self, origin: str, session: aiohttp.ClientSession) -> None:
        self._url = f"{origin}/cgi-bin/webhook/send"
        self._session = session

    async def send(self, address: str, message: Message) -> None:
        body = {"msgtype": "text", "text": {"content": content(message)}}
        try:
            async with self._session.post(
                self._url, params={"key": address}, json=body, timeout=_TIMEOUT, allow_redirects=False
            ) as response:
                answer = await response.content.read(_MAX_REPLY)
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise SendFailed(f"企业微信: {type(error).__name__}") from error  # its text may contain the key
        if status != 200:
            raise SendFailed(f"企业微信: status {status}")
        try:
            reply = json.loads(answer)
            code, reason = reply["errcode"], str(reply.get("errmsg", ""))
        except (ValueError, TypeError, KeyError) as error:
            raise SendFailed("企业微信: unexpected reply") from error
        if code != 0:
            raise SendFailed(f"企业微信: {code} {reason}".replace(address, "…")[:200])


def content(message: Message) -> str:
    """Return at most `MAX_BYTES` bytes: complete paragraphs, and … where some are omitted."""
    taken = [message.subject]
    left = MAX_BYTES - len(message.subject.encode()) - len("\n\n…".encode())
    for line in message.lines:
        left -= len(line.encode()) + 2
        if left < 0:
            return "\n\n".join((*taken, "…"))
        taken.append(line)
    return "\n\n".join(taken)
