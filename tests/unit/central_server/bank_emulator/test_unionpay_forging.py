"""What the emulator can say in the bank's name for tests, and why none of it is to be believed but two."""

from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from cryptography.x509 import load_pem_x509_certificate

from central_server.bank_emulator.unionpay.authority import Authority, Voice, open_authority
from central_server.bank_emulator.unionpay.forging import forged, forged_body
from central_server.bank_emulator.unionpay.message_format import NotAForm, read_form, reply_text
from central_server.bank_emulator.unionpay.messages import notification
from central_server.bank_emulator.unionpay.signing import genuine
from tests.fakes.unionpay_shop import open_shop, split_reply

FIELDS = notification(
    order_id="a" * 32,
    txn_time="20261127143000",
    amount=1000,
    query_id="202611271430001234567",
    trace_no="123456",
    trace_time="1127143000",
    settle_date="1127",
)
REASONS = {
    Voice.bank: "",
    Voice.company: "name",
    Voice.expired: "time",
    Voice.not_yet: "time",
    Voice.wrong_name: "name",
    Voice.merchant: "name",
    Voice.under_leaf: "chain",
    Voice.middle: "chain",
    Voice.foreign: "chain",
    Voice.self_signed: "chain",
}


@pytest.fixture
def authority(unionpay_authority: Path) -> Authority:
    return open_authority(unionpay_authority)


@pytest.mark.parametrize("voice", Voice)
async def test_every_voice_is_caught_for_one_reason(
    authority: Authority, session: aiohttp.ClientSession, voice: Voice
) -> None:
    said = forged(FIELDS, authority, voice)
    assert genuine(said, authority.signer(voice).certificate)
    async with open_shop(session, authority.merchant_folder) as shop:
        assert shop.distrust(said) == REASONS[voice]
        assert shop.distrust(said, "中国银联股份有限公司") == (
            "" if voice is Voice.company else REASONS[voice] or "name"
        )


async def test_a_borrowed_certificate_and_a_late_change_break_the_signature(
    authority: Authority, session: aiohttp.ClientSession
) -> None:
    async with open_shop(session, authority.merchant_folder) as shop:
        assert shop.distrust(forged(FIELDS, authority, Voice.foreign, claiming=Voice.bank)) == "signature"
        for change in ({"txnAmt": "1001"}, {"more": "x"}, {"settleAmt": None}):
            assert shop.distrust(forged(FIELDS, authority, afterwards=change)) == "signature"
        assert shop.distrust(forged({**FIELDS, "txnAmt": "1001"}, authority)) == ""


def test_a_forged_body_is_a_form(authority: Authority) -> None:
    assert read_form(forged_body(FIELDS, authority)) == forged(FIELDS, authority)
    assert "settleAmt" not in notification(
        order_id="a" * 32,
        txn_time="1",
        amount=1,
        query_id="1",
        trace_no="1",
        trace_time="1",
        settle_date="1",
        changes={"settleAmt": None},
    )


def test_the_foreign_authority_bears_the_very_same_names(authority: Authority) -> None:
    ours, theirs = authority.signer(Voice.bank).certificate, authority.signer(Voice.foreign).certificate
    assert (ours.subject, ours.issuer) == (theirs.subject, theirs.issuer)
    assert ours.public_key() != theirs.public_key()


def test_certificates_last_and_the_merchants_number_is_short(authority: Authority) -> None:
    for name in ("merchant", "middle", "root"):
        certificate = load_pem_x509_certificate((authority.merchant_folder / f"{name}.crt").read_bytes())
        assert (certificate.not_valid_after_utc - datetime.now(UTC)).days > 4 * 365
    assert len(str(authority.merchant.serial_number)) == 11


def test_a_start_that_was_cut_off_begins_anew(tmp_path: Path) -> None:
    (tmp_path / ".authority.tmp").mkdir()
    (tmp_path / ".authority.tmp" / "bank.key").write_text("half")
    authority = open_authority(tmp_path)
    assert authority.merchant == open_authority(tmp_path).merchant
    assert not (tmp_path / ".authority.tmp").exists()


def test_replies_are_bare_text_in_which_braces_hold_together() -> None:
    fields = {"b": "{x=1&y=[z=2&w=3]}", "a": "+/==", "signPubKeyCert": "-\r\n-", "signature": "s=="}
    assert reply_text(fields) == "a=+/==&b={x=1&y=[z=2&w=3]}&signPubKeyCert=-\r\n-&signature=s=="
    assert split_reply(reply_text(fields)) == split_reply(reply_text(fields, wrapped=True)) == fields


@pytest.mark.parametrize("body", [b"", b"a", b"=b", b"a=1&a=2", b"a=%", b"a=%4", b"a=%ff", b"a=\xff", b"a=1&"])
def test_what_is_no_form_is_not_read(body: bytes) -> None:
    with pytest.raises(NotAForm):
        read_form(body)
