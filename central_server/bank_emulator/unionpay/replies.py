"""Build synchronous replies, and apply the faults that change signatures."""

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from central_server.bank_emulator.unionpay.authority import Authority, SignerKind
from central_server.bank_emulator.unionpay.codes import Code
from central_server.bank_emulator.unionpay.message_format import encode_reply
from central_server.bank_emulator.unionpay.messages import ENVELOPE
from central_server.bank_emulator.unionpay.signing import sign

_REPEATED = ("accessType", "bizType", "merId", "orderId", "txnSubType", "txnTime", "txnType")
_HARMLESS = re.compile(r"[0-9A-Za-z._-]{1,40}")
_SIGNERS = {
    "foreign-certificate": SignerKind.foreign,
    "expired-certificate": SignerKind.expired,
    "wrong-name": SignerKind.wrong_name,
}


def sign_with_faults(
    fields: Mapping[str, str], authority: Authority, faults: Mapping[str, str], prefix: str = ""
) -> dict[str, str]:
    """Sign as the bank, or as the signer that a fault (its name after `prefix`) selects."""
    kind = next((kind for name, kind in _SIGNERS.items() if prefix + name in faults), SignerKind.bank)
    message = sign(fields, authority.signer(kind))
    if f"{prefix}bad-signature" in faults:
        signature = bytearray(b64decode(message["signature"]))
        signature[-1] ^= 1
        message["signature"] = b64encode(signature).decode("ascii")
    return message


@dataclass(frozen=True, slots=True)
class Replies:
    authority: Authority

    def answer(
        self, request_fields: Mapping[str, str], code: Code, faults: Mapping[str, str], **more: str
    ) -> web.Response:
        """Build a reply that repeats harmless fields of the request. `more`: fields of the reply alone."""
        repeated = {
            name: request_fields[name] for name in _REPEATED if _HARMLESS.fullmatch(request_fields.get(name, ""))
        }
        fields = {**ENVELOPE, **repeated, "respCode": code.code, "respMsg": code.message, **more}
        if "nested-reply" in faults:
            fields["reserved"] = "{drill=1&list=[a=b&c=d]&sign=x+y==}"
        message = sign_with_faults(fields, self.authority, faults, "reply-")
        return web.Response(
            text=encode_reply(message, wrapped="wrapped-reply" in faults), content_type="text/html", charset="utf-8"
        )
