"""Tests of writing NFC tags; the bytes are read with ndeflib, which we did not write."""

import ndef  # type: ignore[import-untyped] # it has no type hints
import pytest

from beacon_gateway.nfc.ndef import AddressTooLong, encode_address, find_message
from beacon_gateway.nfc.ntag import CardRemoved, Ntag, TagRefused
from tests.fakes.ntag_card import SIZES, NtagCard

ADDRESS = "https://give.example.org/h/fda50693-a4e2-4fb1-afcf-c6eb07647825/10001/65535?nfc"
OTHER = "https://give.example.org/h/fda50693-a4e2-4fb1-afcf-c6eb07647825/1/1?nfc"


def read_as_a_phone(card: NtagCard) -> list[str]:
    """Return the addresses in the tag's memory, found without our code."""
    memory = card.user_memory
    if memory[0] == 0x01:  # the lock control block of a tag from the factory
        memory = memory[5:]
    assert memory[0] == 0x03
    return [record.iri for record in ndef.message_decoder(memory[2 : 2 + memory[1]])]


@pytest.mark.parametrize("address", [ADDRESS, OTHER, "http://127.0.0.1:8040/h/x?nfc", "https://www.example.org/"])
def test_an_independent_reader_finds_the_address(address: str) -> None:
    (record,) = ndef.message_decoder(encode_address(address))
    assert (record.type, record.iri) == ("urn:nfc:wkt:U", address)
    assert encode_address(address) == b"".join(ndef.message_encoder([ndef.UriRecord(address)]))


@pytest.mark.parametrize("model", SIZES)
def test_a_tag_is_written_verified_and_locked_for_ever(model: str) -> None:
    card = NtagCard(model)
    tag = Ntag(card)
    assert (tag.model.name, tag.locked, tag.read_message()) == (model, False, b"")
    tag.write_message(encode_address(ADDRESS))
    tag.lock()
    assert read_as_a_phone(card) == [ADDRESS]
    before = bytes(card.memory)
    for page in range(3, 4 + card.user_pages):
        assert card.transmit(bytes((0xFF, 0xD6, 0, page, 4)) + bytes(4)) != b"\x90\x00", page
    assert bytes(card.memory) == before
    again = Ntag(card)
    assert again.locked
    assert again.read_message() == encode_address(ADDRESS)


def test_a_tag_that_is_taken_away_at_any_moment_is_empty_or_complete() -> None:
    writes = len(_written(NtagCard()).writes)
    for removed_after in range(writes):
        card = NtagCard(removed_after=removed_after)
        with pytest.raises(CardRemoved):
            _written(card)
        assert read_as_a_phone(card) in ([], [ADDRESS])


def _written(card: NtagCard) -> NtagCard:
    Ntag(card).write_message(encode_address(ADDRESS))
    return card


def test_other_tags_and_too_long_addresses_are_refused() -> None:
    with pytest.raises(TagRefused, match="unknown_tag"):
        Ntag(NtagCard(capabilities=bytes(4)))
    with pytest.raises(TagRefused, match="too_small"):
        Ntag(NtagCard()).write_message(encode_address("https://" + "a" * 150))
    with pytest.raises(AddressTooLong):
        encode_address("https://" + "a" * 300)
    assert find_message(bytes.fromhex("00 0103a00c34 03ff0003d00000 fe")) == bytes.fromhex("d00000")
