"""Pictures are stored under their signed checksum only."""

import hashlib
from pathlib import Path

import pytest

from beacon_gateway.donations.ports import StoreUnavailable
from beacon_gateway.store.project_pictures import MAX_TOTAL_BYTES, ProjectPictures
from sync_contract.catalogue import Picture

CONTENT = b"a picture of a lunch"


def picture(content: bytes = CONTENT, project: str = "lunch", size: int = 0) -> Picture:
    sha256 = hashlib.sha256(content).hexdigest()
    return Picture(project=project, sha256=sha256, content_type="image/png", size_bytes=size or len(content))


@pytest.fixture
def pictures(tmp_path: Path) -> ProjectPictures:
    return ProjectPictures(tmp_path / "pictures")


def test_a_picture_is_served_once_it_is_stored(pictures: ProjectPictures) -> None:
    pictures.use([picture()])
    assert (pictures.missing(), pictures.of_project("lunch")) == ((picture(),), None)
    assert pictures.find(picture().sha256) is None
    assert pictures.store(picture(), CONTENT)
    assert (pictures.missing(), pictures.of_project("lunch")) == ((), picture())
    found = pictures.find(picture().sha256)
    assert found is not None
    assert (found[0].read_bytes(), found[1]) == (CONTENT, "image/png")


@pytest.mark.parametrize("content", [b"", CONTENT[:-1], CONTENT[:-1] + b"!", CONTENT + b"!"])
def test_other_content_than_the_signed_one_is_not_stored(pictures: ProjectPictures, content: bytes) -> None:
    pictures.use([picture()])
    assert not pictures.store(picture(), content)
    assert pictures.of_project("lunch") is None


def test_a_stored_picture_survives_a_restart_and_is_deleted_with_its_project(
    pictures: ProjectPictures, tmp_path: Path
) -> None:
    pictures.use([picture()])
    pictures.store(picture(), CONTENT)
    restarted = ProjectPictures(tmp_path / "pictures")
    restarted.use([picture(project="other")])
    assert restarted.of_project("other")
    assert restarted.of_project("lunch") is None
    restarted.use([])
    assert list((tmp_path / "pictures").iterdir()) == []


def test_a_truncated_file_is_fetched_again_and_other_files_stay(pictures: ProjectPictures, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / picture().sha256).write_bytes(CONTENT[:5])
    (folder / "note").write_text("of the installer")
    pictures.use([picture()])
    assert pictures.missing() == (picture(),)
    assert (folder / "note").exists()
    assert pictures.find("note") is None


def test_the_total_size_is_limited(pictures: ProjectPictures) -> None:
    size = 2 * 1024 * 1024
    pictures.use([picture(bytes([number]), f"p{number}", size) for number in range(40)])
    assert len(pictures.missing()) == MAX_TOTAL_BYTES // size


def test_a_path_that_is_no_folder_raises(tmp_path: Path) -> None:
    (tmp_path / "pictures").write_text("")
    with pytest.raises(StoreUnavailable, match="pictures"):
        ProjectPictures(tmp_path / "pictures").use([picture()])
