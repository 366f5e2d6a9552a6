"""Check that a message comes from UnionPay: the official SDK's four checks (`CertUtil`, `SDKUtil.validate`), in its
order.

A message carries its own certificate, so a valid signature alone proves nothing.
"""

from datetime import datetime
from enum import StrEnum

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import NameOID

from central_server.banks.unionpay.credentials import MIN_KEY_BITS, issued_by
from central_server.banks.unionpay.signing import Fields, is_signed_by
from sync_contract.strict_model import Environment

CERTIFICATE = "signPubKeyCert"
_COMPANY = "中国银联股份有限公司"
_NAMES = {Environment.real: {_COMPANY}, Environment.drill: {_COMPANY, "00040000:SIGN"}}
"""Accepted third part of the subject's CN. The second is UnionPay's test environment: never accepted for real money."""


class CertificateProblem(StrEnum):
    """Which check failed."""

    certificate = "certificate"
    validity = "validity"
    chain = "chain"
    name = "name"
    signature = "signature"


class NotAuthentic(Exception):
    """The message is not UnionPay's."""

    def __init__(self, problem: CertificateProblem, reason: str) -> None:
        super().__init__(reason)
        self.problem = problem


def check_authentic(
    fields: Fields, root: x509.Certificate, middle: x509.Certificate, environment: Environment, now: datetime
) -> None:
    """Raise NotAuthentic unless UnionPay signed the fields. `root`, `middle`: the pinned authorities, which alone
    count.
    """
    leaf, key = _read(fields.get(CERTIFICATE, ""))
    for certificate in (leaf, middle, root):
        if not certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc:
            raise NotAuthentic(CertificateProblem.validity, "a certificate of the chain is not valid now")
    if not issued_by(leaf, middle) or not issued_by(middle, root):
        raise NotAuthentic(CertificateProblem.chain, "the certificate was not issued by the pinned authorities")
    if _owner(leaf) not in _NAMES[environment]:
        raise NotAuthentic(CertificateProblem.name, "the certificate is not that of UnionPay's gateway")
    if not is_signed_by(fields, key):
        raise NotAuthentic(CertificateProblem.signature, "not signed by the key of its certificate")


def _read(text: str) -> tuple[x509.Certificate, RSAPublicKey]:
    try:
        found = x509.load_pem_x509_certificates(text.encode())
        key = found[0].public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise NotAuthentic(CertificateProblem.certificate, "no readable certificate") from error
    if len(found) != 1 or not isinstance(key, RSAPublicKey) or key.key_size < MIN_KEY_BITS:
        reason = f"one certificate with an RSA key of at least {MIN_KEY_BITS} bits is expected"
        raise NotAuthentic(CertificateProblem.certificate, reason)
    return found[0], key


def _owner(leaf: x509.Certificate) -> str:
    """Return the third part of the subject's only CN, e.g. of `041@Z2015@00040000:SIGN@00000001`; empty if there is
    none.
    """
    try:
        names = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    except ValueError:
        return ""
    if len(names) != 1:
        return ""
    parts = str(names[0].value).split("@")
    return parts[2] if len(parts) > 2 else ""
