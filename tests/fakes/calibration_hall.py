"""A simulated hall with an installer who carries a tag from spot to spot and answers the questions of `calibrate`."""

import asyncio
from collections.abc import Callable, Sequence
from itertools import takewhile
from random import Random

from beacon_gateway.calibration.measurement import Frame, Measurement, Spot, SpotKind
from beacon_gateway.model.beacons import Beacon, Sighting
from beacon_gateway.simulation.air import Air, simulate_rssi


def measure(
    spot: Spot, power: int, air: Air, seed: str, *, seconds: float = 60.0, losses_db: dict[str, int] | None = None
) -> Measurement:
    """Return the frames of a tag that is held at the spot, through each adapter."""
    frames = []
    for adapter, loss_db in (losses_db or {"hci0": 0}).items():
        heard = simulate_rssi(lambda _at: spot.metres, power - loss_db, air, Random(f"{seed} {spot} {adapter}"))
        frames += [Frame(at, rssi, adapter) for at, rssi in takewhile(lambda each: each[0] < seconds, heard)]
    return Measurement(spot, 0.0, seconds, tuple(sorted(frames)))


Answer = str | tuple[float | None, str]
"""(metres, answer): the tag is carried there before the answer; None: out of the hall."""


class WalkingInstaller:
    """Implements Dialogue. `answers`: one for each question.

    Time passes only in `pause`, in which the tags send what `air` lets through. `fixed`: other beacons, their distance.
    """

    def __init__(
        self,
        tag: Beacon,
        answers: Sequence[Answer],
        *,
        power: int = -63,
        air: Air | None = None,
        fixed: Sequence[tuple[Beacon, float]] = (),
        losses_db: dict[str, int] | None = None,
        seed: str = "installer",
    ) -> None:
        self.shown: list[str] = []
        self._tag, self._answers, self._power = tag, list(answers), power
        self._air = air or Air(sigma_db=3.0, path_loss_exponent=2.4, body_per_minute=0.0)
        self._fixed, self._seed, self._now = fixed, seed, 1000.0
        self._losses_db = losses_db
        self._metres: float | None = 1.0
        self.code = -1
        self._on_sighting: Callable[[Sighting], None] | None = None

    @property
    def text(self) -> str:
        return "\n".join(self.shown)

    async def receive(self, on_sighting: Callable[[Sighting], None]) -> None:
        self._on_sighting = on_sighting
        await asyncio.Event().wait()

    def show(self, text: str) -> None:
        self.shown.append(text)

    async def ask(self, question: str) -> str | None:
        self.shown.append(question)
        await asyncio.sleep(0)
        if not self._answers:
            return None
        answer = self._answers.pop(0)
        if isinstance(answer, tuple):
            self._metres, answer = answer
        return answer

    def now(self) -> float:
        return self._now

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(0)
        sent: list[Sighting] = []
        for beacon, metres, power in [
            (self._tag, self._metres, self._power),
            *((beacon, metres, beacon.measured_power) for beacon, metres in self._fixed),
        ]:
            if metres is None:
                continue
            spot = Spot(SpotKind.reference, metres)
            heard = measure(
                spot,
                power,
                self._air,
                f"{self._seed} {beacon.id} {self._now}",
                seconds=seconds,
                losses_db=self._losses_db,
            )
            sent += [Sighting(beacon.id, f.rssi, self._now + f.at, power, f.adapter) for f in heard.frames]
        assert self._on_sighting is not None
        for sighting in sorted(sent, key=lambda each: each.at):
            self._on_sighting(sighting)
        self._now += seconds
