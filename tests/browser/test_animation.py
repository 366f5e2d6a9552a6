"""Test the animated walk-through for README: its order, its size, no missing shot."""

import io
from pathlib import Path

import pytest
from PIL import Image

from tests.browser.animation import MAX_BYTES, ORDER, SIZE, TOUCHED, Film
from tests.paths import ROOT


def png(level: int) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (1280, 800), (level, 0, 0)).save(content, "PNG")
    return content.getvalue()


def test_the_film_runs_in_the_order_of_the_walk_whatever_was_seen_first(tmp_path: Path) -> None:
    film = Film()
    for name in reversed(ORDER):
        film.take(name, png(25 * ORDER.index(name)), (0.5, 0.5) if name in TOUCHED else None)
    film.take("help", png(255), None)
    film.take("attract", png(255), None)  # the first one counts
    film.write(tmp_path / "film.webp")
    made = Image.open(tmp_path / "film.webp")
    assert made.size == SIZE
    levels = []
    for number in range(made.n_frames):  # type: ignore[attr-defined]  # of a moving picture
        made.seek(number)
        made.load()
        if made.info["duration"] >= 1000:
            levels.append(made.convert("RGB").getpixel((300, 100))[0])  # type: ignore[index]  # three levels
    on_screen = [25 * ORDER.index(name) for name in ORDER if not name.startswith("phone-")]
    assert len(levels) == len(ORDER)
    assert levels == sorted(levels)
    assert max(levels) == pytest.approx(max(on_screen), abs=6)
    assert (tmp_path / "film.webp").stat().st_size < MAX_BYTES


def test_a_shot_that_is_missing_is_named(tmp_path: Path) -> None:
    film = Film()
    film.take("attract", png(0), None)
    with pytest.raises(ValueError, match="turned, project, amount"):
        film.write(tmp_path / "film.webp")
    assert not (tmp_path / "film.webp").exists()


def test_a_film_that_is_too_large_is_not_written(tmp_path: Path) -> None:
    film = Film()
    for name in ORDER:
        film.take(name, png(0), None)
    with pytest.raises(ValueError, match="bytes"):
        film.write(tmp_path / "film.webp", limit=100)
    assert not (tmp_path / "film.webp").exists()


def test_the_film_of_the_docs_is_there_and_small() -> None:
    file = ROOT / "docs" / "pictures" / "walk-through.webp"
    assert 50_000 < file.stat().st_size <= MAX_BYTES
