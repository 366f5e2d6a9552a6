"""Check a request: readable, signed by the merchant, complete and well-formed."""

import re
from collections.abc import Mapping

from aiohttp import web
from cryptography.x509 import Certificate

from central_server.bank_emulator.addresses import on_this_machine
from central_server.bank_emulator.unionpay import codes
from central_server.bank_emulator.unionpay.clock import Clock, read_time
from central_server.bank_emulator.unionpay.codes import Code
from central_server.bank_emulator.unionpay.message_format import NotAForm, read_form
from central_server.bank_emulator.unionpay.messages import MERCHANT_ID
from central_server.bank_emulator.unionpay.signing import is_signed_by
from daemonkit.web import read_body

_LIMIT = 16 * 1024
_FRESH_S = 15 * 60
_MAX_FEN = 10_000_000_00
_ENVELOPE = {"version": r"5\.1\.0", "encoding": r"(?i:utf-8)", "signMethod": "01"}
_URLS = ("frontUrl", "backUrl", "frontFailUrl")
_ORDER = {"orderId": r"[0-9A-Za-z]{8,32}", "txnTime": r"[0-9]{14}"}
_URL = r"[!-~]{1,256}"
_REQUIRED: dict[str, dict[str, str]] = {
    "01": {
        "txnSubType": "01",
        "bizType": "000201",
        "channelType": "07|08",
        "accessType": "0",
        **_ORDER,
        "txnAmt": r"[1-9][0-9]{0,11}",
        "currencyCode": "156",
        "frontUrl": _URL,
        "backUrl": _URL,
    },
    "04": {
        "txnSubType": "00",
        "bizType": "000201|000000",
        "channelType": "07|08",
        "accessType": "0",
        **_ORDER,
        "txnAmt": r"[1-9][0-9]{0,11}",
        "origQryId": r"[0-9]{21}",
        "backUrl": _URL,
    },
    "00": {"txnSubType": "00", "bizType": "000000|000201|000802", "accessType": "0", **_ORDER},
    "76": {
        "txnSubType": "01",
        "bizType": "000000",
        "accessType": "0",
        "settleDate": r"[0-9]{4}",
        "txnTime": r"[0-9]{14}",
        "fileType": "00",
    },
}
_REQUIRED["31"] = _REQUIRED["04"]
_OPTIONAL: dict[str, str] = {
    "reqReserved": r"[^&={}\[\]\"']{1,1024}",
    "reserved": r"\{[^{}]{0,2046}\}",
    "payTimeout": r"[0-9]{14}",
    "currencyCode": "156",
    "frontFailUrl": _URL,
    "orderDesc": r".{1,32}",
    "riskRateInfo": r"\{.{0,2046}\}",
    "issInsCode": r"[0-9A-Z]{1,20}",
    "issInsNo": r"[0-9A-Z]{1,20}",
    "defaultPayType": r"[0-9]{4}",
    "supPayType": r"[0-9]{4}(,[0-9]{4})*",
    "customerIp": r"[0-9A-Fa-f.:]{2,45}",
    "channelType": "07|08",
}
_MAX_RESERVED_BYTES = 1024
"""Of reqReserved; its expression counts characters."""


class Refused(Exception):
    """`fields`: as far as the request could be read, for the answer to repeat."""

    def __init__(self, code: Code, fields: Mapping[str, str]) -> None:
        super().__init__(code.message)
        self.code = code
        self.fields = fields


async def read_request(request: web.Request, merchant: Certificate, kinds: tuple[str, ...]) -> dict[str, str]:
    """Return the checked fields of a transaction of one of `kinds`. Raises Refused, and HTTP 408 or 413."""
    fields: dict[str, str] = {}
    if request.content_type != "application/x-www-form-urlencoded" or (request.charset or "utf-8").lower() != "utf-8":
        raise Refused(codes.MALFORMED, fields)
    try:
        fields = read_form(await read_body(request, limit=_LIMIT, deadline=10))
    except NotAForm as error:
        raise Refused(codes.MALFORMED, fields) from error
    code = _check(fields, merchant, kinds)
    if code is not None:
        raise Refused(code, fields)
    return fields


def _check(fields: Mapping[str, str], merchant: Certificate, kinds: tuple[str, ...]) -> Code | None:
    if not all(fields.get(name) for name in (*_ENVELOPE, "txnType", "certId", "signature")):
        return codes.MISSING
    if not all(re.fullmatch(form, fields[name]) for name, form in _ENVELOPE.items()):
        return codes.MALFORMED
    if fields["certId"] != str(merchant.serial_number):
        return codes.UNKNOWN_CERTIFICATE
    if not is_signed_by(fields, merchant):
        return codes.BAD_SIGNATURE
    if fields["txnType"] not in kinds:
        return codes.NO_SUCH_TRADE
    required = _REQUIRED[fields["txnType"]]
    if not all(fields.get(name) for name in ("merId", *required)):
        return codes.MISSING
    if fields["merId"] != MERCHANT_ID:
        return codes.WRONG_MERCHANT
    return _check_formats(fields, required)


def _check_formats(fields: Mapping[str, str], required: Mapping[str, str]) -> Code | None:
    known = {"txnType", "certId", "signature", "merId", *_ENVELOPE}
    for name, value in fields.items():
        if name not in known:
            form = required.get(name) or _OPTIONAL.get(name)
            if form is None or not re.fullmatch(form, value):
                return codes.MALFORMED
    if len(fields.get("reqReserved", "").encode()) > _MAX_RESERVED_BYTES:
        return codes.MALFORMED
    if not all(on_this_machine(fields[name]) for name in _URLS if name in fields):
        return codes.MALFORMED
    if int(fields.get("txnAmt", "1")) > _MAX_FEN:
        return codes.TOO_MUCH
    return None


def clock_offset(txn_time: str, clock: Clock) -> float | None:
    """Return the bank clock's lead over the clock by which `txn_time` is fresh, None if it is fresh by neither.

    A drill advances the bank's clock and not the merchant's: times of the machine's clock stay valid.
    """
    at = read_time(txn_time)
    if at is None:
        return None
    for ahead, now in ((0.0, clock.now()), (clock.ahead, clock.machine())):
        if abs(now - at) <= _FRESH_S:
            return ahead
    return None
