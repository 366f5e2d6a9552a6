"""What tells visitors of one day apart, for counting them and for nothing else: it never leaves the memory."""

from aiohttp import web

from daemonkit.web import identify_client


def visitor(request: web.Request, told: str | None = None) -> bytes:
    """The phone's own daily random name when it told one, else where it came from and with what."""
    if told is not None:
        return told.encode()
    return f"{identify_client(request)} {request.headers.get('User-Agent', '')[:200]}".encode()
