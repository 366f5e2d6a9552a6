"""The hardware test with a scripted person and simulated radios."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.model.beacons import Sighting
from beacon_gateway.model.radio_status import RadioStatus
from beacon_gateway.radio.ports import Advertiser, RadioLost, Scanner
from beacon_gateway.radio.simulated_radio import SimulatedAdvertiser, SimulatedScanner
from beacon_gateway.simulation.air import Air
from beacon_gateway.simulation.room import Walker
from beacon_gateway.simulation.walk import parse_walk
from tests.hardware.interview import OWN, Interview
from tests.hardware.radios import Layout
from tests.hardware.reception import measure
from tests.hardware.result_table import COLUMNS, format_rows, read_rows, replace_table, table
from tests.paths import ROOT
from tests.unit.beacon_gateway.presence.people import place

TAG, NEIGHBOUR = place(1), place(2)
TODAY = date(2026, 5, 4)
CALM = Air(sigma_db=1.0, body_per_minute=0.0, burst_s=0.1)


class Station:
    """Simulated: a tag nearby, a distant beacon, and two adapters, the second of which receives our advert."""

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
        return LostScanner() if self._lost else SimulatedScanner(beacons, seed=1, own=self._own)

    def advertiser(self, adapter: str, frame: IBeacon, layout: Layout) -> Advertiser | None:
        return self._own if layout == "broadcast" or self._helper else None


class LostScanner:
    name = "lost"

    async def hear(self, on_sighting: Callable[[Sighting], None]) -> None:
        raise RadioLost("the bus is gone")

    def read_status(self) -> RadioStatus:
        return RadioStatus("off")


class Person:
    """Answer by words in the question; answer other questions with an empty line."""

    def __init__(self, **answers: str) -> None:
        self._answers = answers
        self.lines: list[str] = []

    async def ask(self, question: str) -> str:
        self.lines.append(question)
        await asyncio.sleep(0)
        return next((answer for words, answer in self._answers.items() if words.replace("_", " ") in question), "")

    async def do(self, station: Station, seconds: float = 1.0) -> dict[str, str]:
        return dict(await Interview(station, self.ask, self.lines.append, seconds).run(TODAY))


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


async def test_answers_to_all_questions_fill_the_row() -> None:
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


async def test_skipped_steps_stay_blank() -> None:
    row = await Person().do(Station(adapters=["hci0"], helper=False))
    assert row == {
        "board": "Raspberry Pi 5",
        "system": "Linux 6.12, BlueZ 5.82",
        "adapter": "hci0",
        "tested": "2026-05-04",
    }


async def test_a_lost_radio_does_not_remove_earlier_results() -> None:
    person = Person(**{**EVERYTHING, "hold_the_tag": ""})
    row = await person.do(Station(lost=True))
    assert (row["board"], row["exact_phone"]) == ("Raspberry Pi 5", "not detected")
    assert "advert_adapter" not in row
    assert any("this step was not finished: the bus is gone" in line for line in person.lines)


@pytest.mark.parametrize(("adapters", "line"), [([], "No Bluetooth adapter"), (["hci0"], "there is no hci9")])
async def test_without_the_adapter_nothing_is_measured(adapters: list[str], line: str) -> None:
    person = Person(which_adapter="hci9")
    assert "adapter" not in await person.do(Station(adapters=adapters))
    assert line in person.lines[-1]


async def test_a_tag_that_does_not_return_is_no_recovery() -> None:
    interview = Interview(Station(), Person().ask, print, 0.3, recovered_within_s=0.3)
    assert await interview._time_to_recover("hci0", place(9).id, "x") == "not heard before"


def test_a_measurement_without_frames_or_rssi_has_no_values() -> None:
    nothing = measure([], TAG.id, 30.0)
    assert (nothing.frames, nothing.rssi, nothing.gap_ms) == (0, None, None)
    one = measure([Sighting(TAG.id, None, 5.0, None, "hci0")], TAG.id, 30.0)
    assert (one.frames, one.rssi, one.gap_ms) == (1, None, None)
    assert one.loss(100) == pytest.approx(1 - 1 / 300)
    assert measure([Sighting(TAG.id, -50, n / 100, None, "hci0") for n in range(1000)], TAG.id, 10.0).loss(100) == 0.0


def test_written_rows_are_read_back_and_missing_values_are_blank(tmp_path: Path) -> None:
    rows = [{"board": 'Pi "5" \\ x\x07', "adapter": "hci0", "note": "a | b"}, {"board": "Pi 4", "rssi_1m": "-58 dBm"}]
    file = tmp_path / "hardware.toml"
    file.write_text(format_rows(rows), "utf-8")
    assert read_rows(file) == [{"board": 'Pi "5" \\ x', "adapter": "hci0", "note": "a | b"}, rows[1]]
    head, _, first, second = table(read_rows(file)).splitlines()
    assert head == "| Board | System | Adapter | Tag | Tested | RSSI at 1 m | Note |"
    assert first.endswith("|  |  |  | a / b |") or first.endswith("| a / b |")
    assert second == "| Pi 4 |  |  |  |  | -58 dBm |  |"


@pytest.mark.parametrize("text", ['[[row]]\ncolour = "red"', "[[row]]\nboard = 5", "[[row"])
def test_another_file_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "hardware.toml"
    file.write_text(text)
    with pytest.raises(ValueError, match=r"."):
        read_rows(file)


def test_the_stored_results_are_valid_and_in_the_readme() -> None:
    root = ROOT
    file = root / "docs/hardware.toml"
    rows = read_rows(file)
    assert file.read_text("utf-8") == format_rows(rows)
    assert set(COLUMNS) >= {key for row in rows for key in row}
    readme = (root / "README.md").read_text("utf-8")
    assert readme == replace_table(readme, rows)


def test_a_new_row_changes_only_the_table_in_the_readme() -> None:
    readme = "# It\n\n<!-- hardware -->\nNobody.\n<!-- /hardware -->\n\n## Next\n"
    rows = [{"board": "Pi 4", "adapter": "hci0"}]
    filled = replace_table(readme, rows)
    assert filled == f"# It\n\n<!-- hardware -->\n{table(rows)}<!-- /hardware -->\n\n## Next\n"
    assert replace_table(filled, rows) == filled
    assert replace_table(filled, []).count("./dev hw") == 1
    with pytest.raises(ValueError, match="no place"):
        replace_table("# It\n", rows)
