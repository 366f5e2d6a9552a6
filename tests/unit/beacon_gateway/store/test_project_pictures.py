"""Pictures are kept under the sum that was signed, and under nothing else."""

import hashlib
from pathlib import Path

import pytest

from beacon_gateway.donations.ports import StoreUnavailable
from beacon_gateway.store.project_pictures import MOST_OCTETS, Album
from sync_contract.catalogue import Picture

OCTETS = b"a picture of a lunch"


def picture(octets: bytes = OCTETS, project: str = "lunch", size: int = 0) -> Picture:
    sum_ = hashlib.sha256(octets).hexdigest()
    return Picture(project=project, sha256=sum_, content_type="image/png", octets=size or len(octets))


@pytest.fixture
def album(tmp_path: Path) -> Album:
    return Album(tmp_path / "pictures")


def test_a_picture_hangs_once_it_came(album: Album) -> None:
    album.hang([picture()])
    assert (album.missing(), album.of("lunch"), album.find(picture().sha256)) == ((picture(),), "", None)
    assert album.keep(picture(), OCTETS)
    assert (album.missing(), album.of("lunch")) == ((), picture().sha256)
    found = album.find(picture().sha256)
    assert found is not None
    assert (found[0].read_bytes(), found[1]) == (OCTETS, "image/png")


@pytest.mark.parametrize("octets", [b"", OCTETS[:-1], OCTETS[:-1] + b"!", OCTETS + b"!"])
def test_other_octets_than_the_signed_ones_are_not_kept(album: Album, octets: bytes) -> None:
    album.hang([picture()])
    assert not album.keep(picture(), octets)
    assert album.of("lunch") == ""


def test_it_hangs_again_after_a_start_and_goes_with_its_project(album: Album, tmp_path: Path) -> None:
    album.hang([picture()])
    album.keep(picture(), OCTETS)
    again = Album(tmp_path / "pictures")
    again.hang([picture(project="other")])
    assert (again.of("other"), again.of("lunch")) == (picture().sha256, "")
    again.hang([])
    assert list((tmp_path / "pictures").iterdir()) == []


def test_a_torn_file_is_fetched_anew_and_others_files_stay(album: Album, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / picture().sha256).write_bytes(OCTETS[:5])
    (folder / "note").write_text("of the installer")
    album.hang([picture()])
    assert album.missing() == (picture(),)
    assert (folder / "note").exists()
    assert album.find("note") is None


def test_all_together_have_a_limit(album: Album) -> None:
    big = [picture(bytes([number]), f"p{number}", 2 * 1024 * 1024) for number in range(40)]
    album.hang(big)
    assert len(album.missing()) == MOST_OCTETS // (2 * 1024 * 1024)


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "pictures").write_text("")
    with pytest.raises(StoreUnavailable, match="pictures"):
        Album(tmp_path / "pictures").hang([picture()])
