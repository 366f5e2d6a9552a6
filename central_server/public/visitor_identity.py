"""Distinguish the visitors of one day, only to count them; the identity is never stored."""

from aiohttp import web

from daemonkit.web import identify_client


def visitor(request: web.Request, name: str | None = None) -> bytes:
    """Return the phone's random name of the day if it sent one, else its address and browser."""
    if name is not None:
        return name.encode()
    return f"{identify_client(request)} {request.headers.get('User-Agent', '')[:200]}".encode()
