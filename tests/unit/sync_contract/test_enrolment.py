"""Codes, invitations and the proofs of an enrolment, to the octet."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from sync_contract.enrolment import (
    CODE_LENGTH,
    EnrolmentMalformed,
    EnrolmentRequest,
    Invitation,
    KeyRoll,
    fingerprint,
    group_code,
    new_code,
    read_code,
    read_invitation,
)
from sync_contract.keys import public_text

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
PUBLIC = public_text(KEY.public_key())
secrets = st.binary(min_size=15, max_size=15)


@given(secrets)
def test_a_code_is_read_as_people_type_it(random: bytes) -> None:
    code = new_code(random)
    assert len(code) == CODE_LENGTH
    typed = group_code(code).lower().replace("0", "o").replace("1", "l").replace("-", " ")
    assert read_code(typed) == code
    assert read_code(f"  {group_code(code)}\t") == code


@given(secrets, secrets)
def test_codes_are_as_many_as_their_octets(one: bytes, other: bytes) -> None:
    assert (new_code(one) == new_code(other)) is (one == other)


def test_the_layout_is_held_by_a_vector() -> None:
    assert new_code(bytes(15)) == "0" * 24 + "T"
    assert new_code(bytes(range(15))) == "000G40R40M30E209185GR38E4"
    assert fingerprint(KEY.public_key()) == "AS3NN9TMCD3MR0M5VXEVYAYAPW"


@pytest.mark.parametrize("typed", ["", "0" * 24, "0" * 26, "0" * 25, "U" * 25, "é" * 25, "0" * 24 + "\n"])
def test_what_is_no_code_is_refused_without_telling_it_back(typed: str) -> None:
    with pytest.raises(EnrolmentMalformed) as refused:
        read_code(typed)
    assert not typed or typed not in str(refused.value)


@given(secrets, st.sampled_from(["https://give.example.org", "https://a.example:8443", "http://127.0.0.1:8040"]))
def test_an_invitation_is_read_from_its_qr(random: bytes, url: str) -> None:
    invitation = Invitation(url, new_code(random), fingerprint(KEY.public_key()))
    assert read_invitation(f" {invitation.text()}\n") == invitation


@given(st.text(max_size=120))
def test_any_other_text_is_no_invitation(text: str) -> None:
    with pytest.raises(EnrolmentMalformed):
        read_invitation(text)


def test_a_proof_covers_every_field_and_one_purpose() -> None:
    request = EnrolmentRequest(code="0" * 25, public=PUBLIC, only_as=None).signed(KEY)
    roll = KeyRoll(gateway="0" * 16, public=PUBLIC).signed(KEY)
    assert request.check() == roll.check()
    for altered in (
        request.model_copy(update={"code": "1" * 25}),
        request.model_copy(update={"only_as": "0" * 16}),
        request.model_copy(update={"public": public_text(OTHER.public_key())}),
        request.model_copy(update={"signature": roll.signature}),
        request.model_copy(update={"signature": ""}),
        EnrolmentRequest(code="0" * 25, public=PUBLIC, only_as=None).signed(OTHER),
    ):
        with pytest.raises(EnrolmentMalformed):
            altered.check()
    for rolled in (
        roll.model_copy(update={"gateway": "1" * 16}),
        roll.model_copy(update={"signature": request.signature}),
    ):
        with pytest.raises(EnrolmentMalformed):
            rolled.check()
