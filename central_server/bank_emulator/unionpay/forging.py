"""Notifications that the bank never sent, for the tests of whoever must refuse them."""

from collections.abc import Mapping

from central_server.bank_emulator.unionpay.authority import Authority, Voice
from central_server.bank_emulator.unionpay.message_format import form_octets
from central_server.bank_emulator.unionpay.signing import signed


def forged(
    fields: Mapping[str, str],
    authority: Authority,
    voice: Voice = Voice.bank,
    *,
    claiming: Voice | None = None,
    afterwards: Mapping[str, str | None] | None = None,
) -> dict[str, str]:
    """`fields` signed with the certificate of `voice`; nothing about them is checked.

    `claiming`: put this one's certificate into signPubKeyCert before signing (the key stays the voice's).
    `afterwards`: fields to put, or with None to take away, once it is signed.
    """
    signer = authority.signer(voice)
    if claiming is not None:
        signer = type(signer)(authority.signer(claiming).certificate, signer.key)
    whole: dict[str, str | None] = {**signed(fields, signer), **(afterwards or {})}
    return {name: value for name, value in whole.items() if value is not None}


def forged_body(
    fields: Mapping[str, str],
    authority: Authority,
    voice: Voice = Voice.bank,
    *,
    claiming: Voice | None = None,
    afterwards: Mapping[str, str | None] | None = None,
) -> bytes:
    """As `forged`, as the octets of application/x-www-form-urlencoded that are posted to backUrl."""
    return form_octets(forged(fields, authority, voice, claiming=claiming, afterwards=afterwards))
