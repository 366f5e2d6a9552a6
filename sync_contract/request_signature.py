"""Signatures of gateway requests: HTTP Message Signatures (RFC 9421) with Ed25519 and Content-Digest (RFC 9530).

One fixed profile, label `gw`, covering `@method`, `@authority`, `@path`, `@query` and `content-digest`; `keyid` is
`<gateway id>:<key id>`. `@authority` is the Host header, so a request to one server is not valid on another. `created`
is sent for the log and not checked: a gateway's clock may be wrong by years. A replayed request does no harm: each
parcel is accepted once, a report must be newer than the last one by boot and monotonic time, and a GET changes nothing.
"""

import hashlib
import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sync_contract.keys import key_id

_COVERED = '("@method" "@authority" "@path" "@query" "content-digest")'
_INPUT = re.compile(
    r'gw=(?P<parameters>\("@method" "@authority" "@path" "@query" "content-digest"\)'
    r';created=\d{1,12};keyid="(?P<gateway>[0-9a-f]{16}):(?P<key>[0-9a-f]{16})";alg="ed25519")'
)
_SIGNATURE = re.compile(r"gw=:(?P<signature>[A-Za-z0-9+/]{86}==):")


class SignatureRefused(ValueError):
    """The request is not signed in our profile, or the signature does not fit. The message is for the log.

    `gateway`: the gateway that the request names, where it names one.
    """

    def __init__(self, message: str, gateway: str = "") -> None:
        super().__init__(message)
        self.gateway = gateway


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs requests as one gateway."""

    gateway: str
    key: Ed25519PrivateKey

    def headers(self, method: str, authority: str, path: str, query: str, body: bytes, created: int) -> dict[str, str]:
        """Return the three headers to send.

        `authority`: the Host header, in lower case; `query`: without its question mark; `body`: as sent, after
        compression; `created`: seconds since 1970.
        """
        parameters = (
            f'{_COVERED};created={created};keyid="{self.gateway}:{key_id(self.key.public_key())}";alg="ed25519"'
        )
        digest = content_digest(body)
        signature = self.key.sign(_base(method, authority, path, query, digest, parameters))
        return {
            "Content-Digest": digest,
            "Signature-Input": f"gw={parameters}",
            "Signature": f"gw=:{b64encode(signature).decode()}:",
        }


@dataclass(frozen=True, slots=True)
class UnverifiedSignature:
    """Look up the key of (gateway, key), then `verify`."""

    gateway: str
    key: str
    _base: bytes
    _signature: bytes

    def verify(self, public: Ed25519PublicKey) -> None:
        """Raise SignatureRefused when the signature does not fit."""
        try:
            public.verify(self._signature, self._base)
        except InvalidSignature as error:
            raise SignatureRefused("the signature does not fit the request", self.gateway) from error


def read(method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> UnverifiedSignature:
    """Read the signature headers of a request and check the body's digest. Raises SignatureRefused."""
    found = _INPUT.fullmatch(headers.get("Signature-Input", ""))
    signature = _SIGNATURE.fullmatch(headers.get("Signature", ""))
    if found is None or signature is None:
        raise SignatureRefused("not signed")
    digest = content_digest(body)
    if headers.get("Content-Digest", "") != digest:
        raise SignatureRefused("the body does not fit its digest", found["gateway"])
    try:
        raw = b64decode(signature["signature"], validate=True)
    except Base64Error as error:
        raise SignatureRefused("the signature is not base64") from error
    authority = headers.get("Host", "").lower()
    return UnverifiedSignature(
        found["gateway"], found["key"], _base(method, authority, path, query, digest, found["parameters"]), raw
    )


def content_digest(body: bytes) -> str:
    return f"sha-256=:{b64encode(hashlib.sha256(body).digest()).decode()}:"


def _base(method: str, authority: str, path: str, query: str, digest: str, parameters: str) -> bytes:
    """The signature base of RFC 9421, section 2.5."""
    return (
        f'"@method": {method}\n"@authority": {authority}\n"@path": {path}\n"@query": ?{query}\n'
        f'"content-digest": {digest}\n"@signature-params": {parameters}'
    ).encode()
