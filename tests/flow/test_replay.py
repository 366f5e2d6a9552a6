"""A replay makes the same decisions as the running program."""

import re
from pathlib import Path

from tests.captures.identity import PLACE_BEACON, WALK
from tests.flow.programs import run_well
from tests.unit.beacon_gateway.commands.test_replay import changed, site

__all__ = ["site"]
_DECISION = re.compile(r"^ *([\d.]+) s  #(\d+)  (.*?)(?::|$)", re.MULTILINE)


async def run_gateway(*words: str | Path) -> str:
    return await run_well(*map(str, words), program="beacon_gateway")


def decided(text: str) -> list[tuple[float, str, str]]:
    return [(float(at), number, what) for at, number, what in _DECISION.findall(text)]


async def test_a_replay_makes_the_live_decisions_at_the_same_times(site: Path, tmp_path: Path) -> None:
    """The trace contains a neighbour's wall beacon and no card."""
    near = changed(site, "measured_power = -59\nproject", "measured_power = -80\nproject")
    trace = tmp_path / "place.trace"
    live = await run_gateway(
        "scan", "--config", near, "--radio", f"capture:{WALK}", "--seconds", "9.5", "--trace", trace
    )
    replayed = await run_gateway("replay", WALK, "--config", near)
    taken = decided(live)
    assert len(taken) >= 5
    late_s = taken[0][0] - decided(replayed)[0][0]
    for (at, *what), (again, *same) in zip(taken, decided(replayed), strict=False):
        assert what == same
        assert abs(at - late_s - again) < 0.6, "a decision of a tick is as late as the tick"

    own = await run_gateway("replay", trace)
    assert own == await run_gateway("replay", trace)
    assert re.match(rf"{trace.name}: [45] 帧认得的信标", own)
    wall = re.compile(r"\d+\.\d+ s  #\d+  (换区 zone  东门墙上 east gate wall: .*)")
    assert wall.findall(own) == wall.findall(live) != []
    assert str(PLACE_BEACON.uuid) not in own
