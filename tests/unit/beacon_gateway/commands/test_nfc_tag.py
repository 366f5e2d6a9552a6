"""Tests of `beacon-gateway nfc` with a tag on a reader, and without a reader."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ndef  # type: ignore[import-untyped] # it has no type hints
import pytest

from beacon_gateway.commands.nfc_tag import TagOptions, run
from beacon_gateway.nfc.ndef import encode_address
from beacon_gateway.nfc.ntag import Ntag
from beacon_gateway.nfc.pcsc import NoReader
from tests.captures.identity import PERSON_TAG
from tests.fakes.ntag_card import NtagCard
from tests.unit.beacon_gateway.commands.test_replay import NO_STATE, site

__all__ = ["site"]
URL = "https://give.example.org"
NO_SERVERS = (
    "give", "give.example.org", "ftp://give.example.org", "https://", "https://a b.example.org",
    "https://give.example.org/?a=1", "https://user@give.example.org", "https://[", "https://a:x",
)  # fmt: skip
ADDRESS = f"{URL}/h/{PERSON_TAG.uuid}/9/1?nfc"


class Reader:
    names = ("a reader",)

    def __init__(self, card: NtagCard) -> None:
        self._card = card

    @contextmanager
    def connect(self) -> Iterator[NtagCard]:
        yield self._card


def write(site: Path, card: NtagCard | None, options: TagOptions, *, answers: bool = True) -> int:
    @contextmanager
    def readers() -> Iterator[Reader]:
        if card is None:
            raise NoReader("no reader")
        yield Reader(card)

    def ask(question: str) -> str:
        if not answers:
            raise EOFError
        return question

    return run(site, NO_STATE, options, readers=readers, ask=ask)


def address_on(card: NtagCard) -> str:
    memory = card.user_memory
    (record,) = ndef.message_decoder(memory[2 : 2 + memory[1]])
    return str(record.iri)


def test_a_tag_is_written_and_locked_and_a_second_time_only_checked(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = NtagCard()
    assert write(site, card, TagOptions(url=URL, lock=False)) == 0
    assert "not locked: anybody can change it" in capsys.readouterr().out
    assert write(site, card, TagOptions(url=URL)) == 0
    assert address_on(card) == ADDRESS
    assert Ntag(card).locked
    before = bytes(card.memory)
    assert write(site, card, TagOptions(url=URL)) == 0
    assert "has this address already; 已锁定 locked" in capsys.readouterr().out
    assert write(site, card, TagOptions(url="https://other.example.org", replace=True)) == 1
    assert "Take a new one" in capsys.readouterr().out
    assert bytes(card.memory) == before


def test_a_tag_with_other_content_is_written_on_request_only(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    card = NtagCard()
    Ntag(card).write_message(encode_address("https://example.org/"))
    before = bytes(card.memory)
    assert write(site, card, TagOptions(url=URL)) == 1
    assert "add --replace" in capsys.readouterr().out
    assert write(site, card, TagOptions(url=URL), answers=False) == 1
    assert bytes(card.memory) == before
    assert write(site, card, TagOptions(url=URL, replace=True)) == 0
    assert address_on(card) == ADDRESS


def test_without_a_reader_the_bytes_and_the_steps_for_a_phone_are_printed(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert write(site, None, TagOptions(url=URL)) == 0
    printed = capsys.readouterr().out
    assert "no NFC reader" in printed
    assert "锁定标签" in printed
    assert "Lock tag" in printed
    (line,) = (line for line in printed.splitlines() if line.startswith("字节 bytes: NDEF"))
    (record,) = ndef.message_decoder(bytes.fromhex(line.rpartition(" ")[2]))
    assert record.iri == ADDRESS


def test_output_to_a_full_disk_ends_with_its_cause(site: Path) -> None:
    line: list[str | Path] = [
        sys.executable,
        "-m",
        "beacon_gateway",
        "nfc",
        "--config",
        site,
        "--state-dir",
        NO_STATE,
        "--url",
        URL,
    ]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([*line, "--print"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("beacon-gateway: No space left on device")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (TagOptions(), "the settings have no central server"),
        *(
            (TagOptions(url=url), "is no address of a server; write it as https://give.example.org")
            for url in NO_SERVERS
        ),
        (TagOptions(beacon="7/7", url=URL), "the settings list no such beacon; they list 9/1"),
    ],
)
def test_an_address_that_cannot_be_built_is_refused_with_the_remedy(
    options: TagOptions, words: str, site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert write(site, NtagCard(), options) == 2
    assert words in capsys.readouterr().err
