"""The emulator's certification authority, and the formats of its messages."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.x509 import load_pem_x509_certificate

from central_server.bank_emulator.unionpay.authority import Authority, SignerKind, open_authority
from central_server.bank_emulator.unionpay.message_format import NotAForm, encode_reply, read_form
from tests.fakes.unionpay_shop import split_reply


@pytest.fixture
def authority(unionpay_authority: Path) -> Authority:
    return open_authority(unionpay_authority)


def test_the_foreign_authority_has_the_same_names_and_other_keys(authority: Authority) -> None:
    ours, foreign = (authority.signer(kind).certificate for kind in (SignerKind.bank, SignerKind.foreign))
    assert (ours.subject, ours.issuer) == (foreign.subject, foreign.issuer)
    assert ours.public_key() != foreign.public_key()


def test_certificates_are_valid_for_years_and_the_merchants_number_is_short(authority: Authority) -> None:
    for name in ("merchant", "middle", "root"):
        certificate = load_pem_x509_certificate((authority.merchant_folder / f"{name}.crt").read_bytes())
        assert (certificate.not_valid_after_utc - datetime.now(UTC)).days > 4 * 365
    assert len(str(authority.merchant.serial_number)) == 11


def test_an_interrupted_first_start_begins_again(tmp_path: Path) -> None:
    (tmp_path / ".authority.tmp").mkdir()
    (tmp_path / ".authority.tmp" / "bank.key").write_text("half")
    authority = open_authority(tmp_path)
    assert authority.merchant == open_authority(tmp_path).merchant
    assert not (tmp_path / ".authority.tmp").exists()


def test_replies_are_plain_text_with_braces_around_nested_fields() -> None:
    fields = {"b": "{x=1&y=[z=2&w=3]}", "a": "+/==", "signPubKeyCert": "-\r\n-", "signature": "s=="}
    assert encode_reply(fields) == "a=+/==&b={x=1&y=[z=2&w=3]}&signPubKeyCert=-\r\n-&signature=s=="
    assert split_reply(encode_reply(fields)) == split_reply(encode_reply(fields, wrapped=True)) == fields


@pytest.mark.parametrize("body", [b"", b"a", b"=b", b"a=1&a=2", b"a=%", b"a=%4", b"a=%ff", b"a=\xff", b"a=1&"])
def test_an_invalid_form_is_refused(body: bytes) -> None:
    with pytest.raises(NotAForm):
        read_form(body)
