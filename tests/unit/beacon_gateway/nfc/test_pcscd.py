"""Test of `beacon-gateway nfc` through Debian's pcscd with a virtual reader."""

from pathlib import Path

import pytest

from beacon_gateway.commands.nfc_tag import TagOptions, run
from beacon_gateway.nfc.ntag import Ntag
from tests.fakes.ntag_card import NtagCard
from tests.fakes.virtual_reader import running_pcscd
from tests.unit.beacon_gateway.commands.test_nfc_tag import ADDRESS, URL, address_on
from tests.unit.beacon_gateway.commands.test_replay import NO_STATE, site

__all__ = ["site"]


@pytest.mark.thorough
def test_a_tag_is_written_and_locked_through_pcscd(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def write_tag() -> tuple[int, str]:
        return run(site, NO_STATE, TagOptions(url=URL), ask=lambda _question: ""), capsys.readouterr().out

    folder, card = tmp_path / "pcscd", NtagCard()
    folder.mkdir()
    monkeypatch.setenv("PCSCLITE_CSOCK_NAME", str(folder / "run" / "pcscd.comm"))
    with running_pcscd(folder) as reader:
        status, text = write_tag()
        assert (status, "There is no tag on the reader" in text) == (1, True), text
        with reader.holding(NtagCard(removed_after=3)):
            status, text = write_tag()
            assert (status, "it was moved" in text) == (1, True), text
        with reader.holding(card):
            status, text = write_tag()
            assert (status, "locked" in text) == (0, True), text
    assert address_on(card) == ADDRESS
    assert Ntag(card).locked
