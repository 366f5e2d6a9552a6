"""Asking UnionPay's back channel: one POST, one signed answer."""

from collections.abc import Mapping
from urllib.parse import urlencode

import aiohttp

from central_server.banks.port import BankUnavailable

_TIMEOUT = aiohttp.ClientTimeout(total=20, sock_connect=5)
_HEADERS = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8", "Accept-Encoding": "identity"}
_CHUNK = 64 * 1024


async def post(session: aiohttp.ClientSession, url: str, fields: Mapping[str, str], *, limit: int) -> bytes:
    """What came back, not yet believed. Raises BankUnavailable; it may have done what it was asked to."""
    try:
        async with session.post(
            url, data=urlencode(fields).encode(), headers=_HEADERS, timeout=_TIMEOUT, allow_redirects=False
        ) as response:
            if response.status != 200:
                raise BankUnavailable(f"answered with status {response.status}")
            answer = bytearray()
            async for chunk in response.content.iter_chunked(_CHUNK):
                answer += chunk
                if len(answer) > limit:
                    raise BankUnavailable("the answer is too long")
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise BankUnavailable(f"{type(error).__name__}: {error}"[:200]) from error
    return bytes(answer)
