"""The hardware test, done by a scripted person with the simulator's radio."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.model.beacons import Sighting
from beacon_gateway.radio.port import Advertiser, RadioLost, Scanner
from beacon_gateway.radio.simulated import SimulatedAdvertiser, SimulatedScanner
from beacon_gateway.simulation.air import Air
from beacon_gateway.simulation.room import Walker
from beacon_gateway.simulation.walk import parse_walk
from tests.hardware import interview as interview_module
from tests.hardware.hearing import figures
from tests.hardware.interview import OWN, Interview
from tests.hardware.rows import COLUMNS, in_readme, read, table, written
from tests.hardware.station import Layout
from tests.paths import ROOT
from tests.unit.beacon_gateway.presence.people import place

TAG, NEIGHBOUR = place(1), place(2)
TODAY = date(2026, 5, 4)
CALM = Air(sigma_db=1.0, body_per_minute=0.0, burst_s=0.1)


class Station:
    """The simulator: the tag close by, a neighbour's beacon far away, and two adapters; the second hears our advert."""

    def __init__(self, *, adapters: Sequence[str] = ("hci0", "hci1"), lost: bool = False, helper: bool = True) -> None:
        self._adapters, self._lost, self._helper = tuple(adapters), lost, helper
        self._own = SimulatedAdvertiser(OWN.beacon)

    def facts(self) -> dict[str, str]:
        return {"board": "Raspberry Pi 5", "system": "Linux 6.12, BlueZ 5.82"}

    async def adapters(self) -> tuple[str, ...]:
        return self._adapters

    def scanner(self, adapter: str) -> Scanner:
        near, far = parse_walk("1m 600s"), parse_walk("20m 600s")
        beacons = [Walker(TAG, near, CALM), Walker(NEIGHBOUR, far, CALM)]
        if adapter == "hci1":
            beacons.append(Walker(replace(TAG, id=OWN.beacon), near, CALM))
        return Lost() if self._lost else SimulatedScanner(beacons, seed=1, own=self._own)

    def advertiser(self, adapter: str, frame: IBeacon, layout: Layout) -> Advertiser | None:
        return self._own if layout == "broadcast" or self._helper else None


class Lost:
    name = "lost"

    async def hear(self, tell: Callable[[Sighting], None]) -> None:
        raise RadioLost("the bus is gone")

    def describe(self) -> dict[str, object]:
        return {"state": "off"}


class Person:
    """Answers by the words of the question; nothing to what is not in the script."""

    def __init__(self, **answers: str) -> None:
        self._answers = answers
        self.said: list[str] = []

    async def ask(self, question: str) -> str:
        self.said.append(question)
        await asyncio.sleep(0)
        return next((answer for words, answer in self._answers.items() if words.replace("_", " ") in question), "")

    async def do(self, station: Station, seconds: float = 1.0) -> dict[str, str]:
        return dict(await Interview(station, self.ask, self.said.append, seconds).run(TODAY))


EVERYTHING = {
    "hold_the_tag": "y",
    "is_it_this_one": "y",
    "make_and_model": "Acme card",
    "set_to": "100",
    "m_away": "y",
    "next,_recovery": "y",
    "in_another_terminal": "",
    "(broadcast)": "y",
    "(exact)": "n",
    "what_is_it": "built in",
    "a_note": 'line | "quoted"',
}


async def test_a_person_who_answers_everything_fills_the_row() -> None:
    row = await Person(**EVERYTHING).do(Station())
    for key in ("rssi_1m", "rssi_5m"):
        assert -75 <= int(row.pop(key).removesuffix(" dBm")) <= -45
    for key in ("loss_1m", "loss_5m"):
        assert 0 <= int(row.pop(key).removesuffix(" %")) < 100
    assert int(row.pop("interval").removesuffix(" ms")) >= 50
    for key in ("reset", "power"):
        assert row.pop(key).endswith(" s")
    assert row == {
        "board": "Raspberry Pi 5",
        "system": "Linux 6.12, BlueZ 5.82",
        "adapter": "hci0, built in",
        "tag": "Acme card",
        "tested": "2026-05-04",
        "delivery": "yes",
        "advert_adapter": "heard",
        "advert_phone": "detected",
        "exact_phone": "not detected",
        "note": 'line | "quoted"',
    }


async def test_what_is_skipped_stays_blank() -> None:
    row = await Person().do(Station(adapters=["hci0"], helper=False))
    assert row == {
        "board": "Raspberry Pi 5",
        "system": "Linux 6.12, BlueZ 5.82",
        "adapter": "hci0",
        "tested": "2026-05-04",
    }


async def test_a_radio_that_is_lost_takes_nothing_that_was_known_before(monkeypatch: pytest.MonkeyPatch) -> None:
    person = Person(**{**EVERYTHING, "hold_the_tag": ""})
    row = await person.do(Station(lost=True))
    assert (row["board"], row["exact_phone"]) == ("Raspberry Pi 5", "not detected")
    assert "advert_adapter" not in row
    assert any("this step was not finished: the bus is gone" in said for said in person.said)


@pytest.mark.parametrize(("adapters", "said"), [([], "No Bluetooth adapter"), (["hci0"], "there is no hci9")])
async def test_without_the_adapter_nothing_is_measured(adapters: list[str], said: str) -> None:
    person = Person(which_adapter="hci9")
    assert "adapter" not in await person.do(Station(adapters=adapters))
    assert said in person.said[-1]


async def test_a_tag_that_never_comes_back_is_no_recovery(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interview_module, "RECOVERED_WITHIN_S", 0.3)
    asked = Interview(Station(), Person().ask, print, 0.3)
    assert await asked._time_to_recover("hci0", place(9).id, "x") == "not heard before"


def test_figures_without_frames_or_rssi_invent_nothing() -> None:
    nothing = figures([], TAG.id, 30.0)
    assert (nothing.frames, nothing.rssi, nothing.gap_ms) == (0, None, None)
    one = figures([Sighting(TAG.id, None, 5.0, None, "hci0")], TAG.id, 30.0)
    assert (one.frames, one.rssi, one.gap_ms) == (1, None, None)
    assert one.loss(100) == pytest.approx(1 - 1 / 300)
    assert figures([Sighting(TAG.id, -50, n / 100, None, "hci0") for n in range(1000)], TAG.id, 10.0).loss(100) == 0.0


def test_what_is_written_is_read_back_and_the_table_leaves_blanks_blank(tmp_path: Path) -> None:
    rows = [{"board": 'Pi "5" \\ x\x07', "adapter": "hci0", "note": "a | b"}, {"board": "Pi 4", "rssi_1m": "-58 dBm"}]
    file = tmp_path / "hardware.toml"
    file.write_text(written(rows), "utf-8")
    assert read(file) == [{"board": 'Pi "5" \\ x', "adapter": "hci0", "note": "a | b"}, rows[1]]
    head, _, first, second = table(read(file)).splitlines()
    assert head == "| Board | System | Adapter | Tag | Tested | RSSI at 1 m | Note |"
    assert first.endswith("|  |  |  | a / b |") or first.endswith("| a / b |")
    assert second == "| Pi 4 |  |  |  |  | -58 dBm |  |"


@pytest.mark.parametrize("text", ['[[row]]\ncolour = "red"', "[[row]]\nboard = 5", "[[row"])
def test_a_file_of_another_kind_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "hardware.toml"
    file.write_text(text)
    with pytest.raises(ValueError, match=r"."):
        read(file)


def test_the_results_that_are_kept_can_be_read_and_stand_in_the_readme() -> None:
    root = ROOT
    file = root / "docs/hardware.toml"
    rows = read(file)
    assert file.read_text("utf-8") == written(rows)
    assert set(COLUMNS) >= {key for row in rows for key in row}
    readme = (root / "README.md").read_text("utf-8")
    assert readme == in_readme(readme, rows)


def test_a_new_row_takes_its_place_in_the_readme_and_nothing_around_it_moves() -> None:
    readme = "# It\n\n<!-- hardware -->\nNobody.\n<!-- /hardware -->\n\n## Next\n"
    rows = [{"board": "Pi 4", "adapter": "hci0"}]
    filled = in_readme(readme, rows)
    assert filled == f"# It\n\n<!-- hardware -->\n{table(rows)}<!-- /hardware -->\n\n## Next\n"
    assert in_readme(filled, rows) == filled
    assert in_readme(filled, []).count("./dev hw") == 1
    with pytest.raises(ValueError, match="no place"):
        in_readme("# It\n", rows)
