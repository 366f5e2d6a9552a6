"""Synchronous replies, and how faults change what is signed."""

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping

from aiohttp import web

from central_server.bank_emulator.unionpay.authority import Authority, Voice
from central_server.bank_emulator.unionpay.codes import Code
from central_server.bank_emulator.unionpay.message_format import reply_text
from central_server.bank_emulator.unionpay.messages import ENVELOPE
from central_server.bank_emulator.unionpay.signing import signed

_REPEATED = ("accessType", "bizType", "merId", "orderId", "txnSubType", "txnTime", "txnType")
_HARMLESS = re.compile(r"[0-9A-Za-z._-]{1,40}")
_VOICES = {
    "foreign-certificate": Voice.foreign,
    "expired-certificate": Voice.expired,
    "wrong-name": Voice.wrong_name,
}


def spoken(
    fields: Mapping[str, str], authority: Authority, faults: Mapping[str, str], prefix: str = ""
) -> dict[str, str]:
    """Signed by the bank, or by whom a fault (its name after `prefix`) makes speak instead."""
    voice = next((voice for name, voice in _VOICES.items() if prefix + name in faults), Voice.bank)
    whole = signed(fields, authority.signer(voice))
    if f"{prefix}bad-signature" in faults:
        octets = bytearray(b64decode(whole["signature"]))
        octets[-1] ^= 1
        whole["signature"] = b64encode(octets).decode("ascii")
    return whole


class Replies:
    def __init__(self, authority: Authority) -> None:
        self._authority = authority

    def answer(self, asked: Mapping[str, str], code: Code, faults: Mapping[str, str], **more: str) -> web.Response:
        """`asked`: the request, of which the answer repeats what is harmless. `more`: fields of the answer alone."""
        repeated = {name: asked[name] for name in _REPEATED if _HARMLESS.fullmatch(asked.get(name, ""))}
        fields = {**ENVELOPE, **repeated, "respCode": code.code, "respMsg": code.message, **more}
        if "nested-reply" in faults:
            fields["reserved"] = "{drill=1&list=[a=b&c=d]&sign=x+y==}"
        whole = spoken(fields, self._authority, faults, "reply-")
        return web.Response(
            text=reply_text(whole, wrapped="wrapped-reply" in faults), content_type="text/html", charset="utf-8"
        )
