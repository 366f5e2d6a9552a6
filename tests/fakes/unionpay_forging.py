"""Forge notifications that the emulated bank never sends, with every kind of certificate that must be refused."""

from collections.abc import Mapping
from enum import StrEnum

from central_server.bank_emulator.unionpay.authority import BANK_NAME, Authority, load_signer, save_signer
from central_server.bank_emulator.unionpay.certificates import DAY, issue
from central_server.bank_emulator.unionpay.message_format import encode_form
from central_server.bank_emulator.unionpay.signing import Signer, sign


class Voice(StrEnum):
    """Whose certificate signs a message; a merchant must refuse all but `bank` and `company`."""

    bank = "bank"
    company = "company"
    """Under the same authority with the CN of production, 中国银联股份有限公司."""
    expired = "expired"
    not_yet = "not-yet"
    """Valid from tomorrow."""
    wrong_name = "wrong-name"
    merchant = "merchant"
    """The merchant's own, as after a theft of its key."""
    under_leaf = "under-leaf"
    """The bank's name, issued with the merchant's key, which may issue none."""
    middle = "middle"
    """The middle authority itself."""
    foreign = "foreign"
    self_signed = "self-signed"
    """The bank's name, issued by itself."""


def add_forged_signers(authority: Authority) -> None:
    """Add the certificates that the emulator itself never uses to the authority's folder."""
    bank, middle = signer_of(authority, Voice.bank).key, signer_of(authority, Voice.middle)
    other = signer_of(authority, Voice.foreign).key
    made = {
        Voice.company: issue("041@8310000000083040@中国银联股份有限公司@00016495", bank, middle),
        Voice.not_yet: issue(BANK_NAME, bank, middle, begins=DAY),
        Voice.under_leaf: issue(BANK_NAME, other, signer_of(authority, Voice.merchant)),
        Voice.self_signed: issue(BANK_NAME, other, None),
    }
    for voice, signer in made.items():
        save_signer(authority.folder, voice.value, signer)


def signer_of(authority: Authority, voice: Voice) -> Signer:
    return load_signer(authority.merchant_folder if voice is Voice.merchant else authority.folder, voice.value)


def forge(
    fields: Mapping[str, str],
    authority: Authority,
    voice: Voice = Voice.bank,
    *,
    claiming: Voice | None = None,
    afterwards: Mapping[str, str | None] | None = None,
) -> dict[str, str]:
    """Sign `fields` with the certificate of `voice`, unchecked.

    `claiming`: put this one's certificate into signPubKeyCert before signing (the key stays the voice's).
    `afterwards`: fields to set, or to remove with None, after signing.
    """
    signer = signer_of(authority, voice)
    if claiming is not None:
        signer = Signer(signer_of(authority, claiming).certificate, signer.key)
    message: dict[str, str | None] = {**sign(fields, signer), **(afterwards or {})}
    return {name: value for name, value in message.items() if value is not None}


def forge_body(fields: Mapping[str, str], authority: Authority, voice: Voice = Voice.bank) -> bytes:
    """As `forge`, as the form that is posted to backUrl."""
    return encode_form(forge(fields, authority, voice))
