"""Whether a message is UnionPay's: the four checks of the official SDK (`CertUtil`, `SDKUtil.validate`), in its order.

A message brings its certificate with it, so a good signature alone proves nothing: anybody can make both.
"""

from datetime import datetime
from enum import StrEnum

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import NameOID

from central_server.banks.unionpay.credentials import issued_by
from central_server.banks.unionpay.signing import Fields, genuine
from sync_contract.strict_model import Environment

CERTIFICATE = "signPubKeyCert"
_COMPANY = "中国银联股份有限公司"
_NAMES = {Environment.real: {_COMPANY}, Environment.drill: {_COMPANY, "00040000:SIGN"}}
"""Third part of the subject's CN. The second is the name of UnionPay's test environment: never believed about money."""


class Doubt(StrEnum):
    """Which check failed."""

    certificate = "certificate"
    validity = "validity"
    chain = "chain"
    name = "name"
    signature = "signature"


class Unproved(Exception):
    """Not UnionPay's word, by `doubt`."""

    def __init__(self, doubt: Doubt, reason: str) -> None:
        super().__init__(reason)
        self.doubt = doubt


def prove(
    fields: Fields, root: x509.Certificate, middle: x509.Certificate, environment: Environment, now: datetime
) -> None:
    """Raises Unproved. `root`, `middle`: the pinned authorities; no certificate that comes along stands in for them."""
    leaf, key = _read(fields.get(CERTIFICATE, ""))
    for certificate in (leaf, middle, root):
        if not certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc:
            raise Unproved(Doubt.validity, "a certificate of the chain is not valid now")
    if not issued_by(leaf, middle) or not issued_by(middle, root):
        raise Unproved(Doubt.chain, "the certificate does not come from the pinned authorities")
    if _owner(leaf) not in _NAMES[environment]:
        raise Unproved(Doubt.name, "the certificate is not that of UnionPay's gateway")
    if not genuine(fields, key):
        raise Unproved(Doubt.signature, "not signed by the key of its certificate")


def _read(text: str) -> tuple[x509.Certificate, RSAPublicKey]:
    try:
        found = x509.load_pem_x509_certificates(text.encode())
        key = found[0].public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Unproved(Doubt.certificate, "no certificate comes along") from error
    if len(found) != 1 or not isinstance(key, RSAPublicKey):
        raise Unproved(Doubt.certificate, "one certificate with an RSA key is expected")
    return found[0], key


def _owner(leaf: x509.Certificate) -> str:
    """The third part of the subject's one CN, e.g. of `041@Z2015@00040000:SIGN@00000001`; empty where there is none."""
    try:
        names = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    except ValueError:
        return ""
    if len(names) != 1:
        return ""
    parts = str(names[0].value).split("@")
    return parts[2] if len(parts) > 2 else ""
