"""The last five different settings remain, the newest first."""

from pathlib import Path

from beacon_gateway.store.good_settings import find_good_settings, store_good_settings


def _stored(folder: Path, contents: str) -> dict[str, str]:
    folder.mkdir()
    for content in contents:
        store_good_settings(folder, content.encode())
    assert {each.name for each in folder.iterdir()} == {each.name for each in find_good_settings(folder)}
    return {each.name: each.read_text() for each in find_good_settings(folder)}


def test_the_last_five_different_settings_remain_newest_first(tmp_path: Path) -> None:
    orders = {"A": "A", "AA": "A", "AB": "BA", "ABA": "AB", "ABCDE": "EDCBA", "ABCDEF": "FEDCB", "ABCDEFC": "CFEDB"}
    for number, (written, remain) in enumerate(orders.items()):
        found = _stored(tmp_path / str(number), written)
        assert "".join(found.values()) == remain, written
        assert list(found) == ["last-good.toml", *(f"last-good.toml.{n}" for n in range(2, len(remain) + 1))]
