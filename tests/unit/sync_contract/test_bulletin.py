"""The signed bulletin: what is refused, and how long one is valid."""

import json
from base64 import b64encode, urlsafe_b64decode
from datetime import UTC, date, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from sync_contract import catalogue
from sync_contract.base64url import decode, encode
from sync_contract.bulletin import (
    Bulletin,
    BulletinHighlight,
    BulletinRefused,
    BulletinRequest,
    HelpKind,
    SignedBulletin,
    sign,
    verify,
)
from sync_contract.project import Texts
from sync_contract.strict_model import Environment

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NOON = datetime(2026, 12, 31, 12, tzinfo=UTC)
BULLETIN = Bulletin(
    environment=Environment.drill,
    issued_at=NOON,
    home="/community/huada",
    requests=(BulletinRequest(kind=HelpKind.errand, grid="3-2", wanted_on=date(2027, 1, 1)),),
)
TEXT = Texts.model_validate({"zh-Hans": "花圃", "zh-Hant": "花圃", "en": "Flowers"})


def test_a_bulletin_is_read_back_and_its_signature_covers_the_domain_and_every_byte() -> None:
    signed = sign(BULLETIN, KEY)
    assert verify(
        SignedBulletin.model_validate_json(signed.model_dump_json()), KEY.public_key(), Environment.drill
    ) == (BULLETIN)
    payload = urlsafe_b64decode(signed.payload + "==")
    KEY.public_key().verify(urlsafe_b64decode(signed.signature + "=="), b"community bulletin v1\0" + payload)
    assert json.loads(payload)["requests"] == [{"grid": "3-2", "kind": "errand", "wanted_on": "2027-01-01"}]


def test_what_another_key_or_purpose_signed_is_refused() -> None:
    signed, other = sign(BULLETIN, KEY), Ed25519PrivateKey.generate()
    payload = decode(signed.payload)
    under_another_domain = encode(KEY.sign(catalogue._DOMAIN + payload))
    unknown = payload.replace(b'"requests"', b'"wishes"')
    faults = {
        "pinned is": sign(BULLETIN, other),
        "does not fit": signed.model_copy(update={"payload": encode(payload.replace(b"3-2", b"9-9"))}),
        "the content": signed.model_copy(update={"signature": under_another_domain}),
        "not understood": signed.model_copy(
            update={"payload": encode(unknown), "signature": encode(KEY.sign(b"community bulletin v1\0" + unknown))}
        ),
        "other environment": sign(BULLETIN.model_copy(update={"environment": Environment.real}), KEY),
    }
    for reason, each in faults.items():
        with pytest.raises(BulletinRefused, match=reason):
            verify(each, KEY.public_key(), Environment.drill)


def test_a_bulletin_is_valid_for_24_hours() -> None:
    minute, day = timedelta(minutes=1), timedelta(hours=24)
    for after, valid in ((-11 * minute, False), (-9 * minute, True), (day - minute, True), (day, False)):
        assert BULLETIN.valid_at(NOON + after) is valid, after


def test_a_picture_is_a_small_jpeg() -> None:
    cases = ((b"\xff\xd8\xff" + bytes(59_000), True), (b"\x89PNG" + bytes(60), False), (bytes(70_000), False))
    for content, good in cases:
        try:
            BulletinHighlight(text=TEXT, day=date(2026, 12, 1), picture=b64encode(content).decode())
        except ValidationError:
            assert not good
        else:
            assert good
