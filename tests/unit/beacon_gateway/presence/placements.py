"""Placements of one or two transmitters of one identity in a hall where three channels fade independently."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, product
from math import log10
from random import Random

from beacon_gateway.model.beacons import Sighting
from beacon_gateway.presence.clone_detection import CloneDetector
from beacon_gateway.simulation.multipath import Multipath
from tests.unit.beacon_gateway.presence.people import place

WALL = place(1)
POWER, LOSS, SHADOW_DB = -59, 0.2, 2.0
SECONDS = 180.0
SETTINGS = tuple(product((6.0, 0.0, None), (0.5, 1.0, 2.0, 4.0, 8.0, 12.0), (100, 1000), (True, False), (1, 2)))
"""Rice factor, metres, interval in ms, whether the interval is known, adapters."""


@dataclass(frozen=True, slots=True)
class Placement:
    """`metres`: of each transmitter to each adapter."""

    rice_k_db: float | None
    metres: tuple[tuple[float, ...], ...]
    interval_ms: int
    known: bool
    seed: int
    second_channel: float = 0.0
    """Share of the adverts that are reported on a second channel too."""
    replies: bool = False
    """Each advert is followed by a scan response on its channel."""

    def sightings(self) -> Iterator[Sighting]:
        heard = [
            sighting
            for number, metres in enumerate(self.metres)
            for sighting in self._heard(metres, Random(f"{self.seed} {number}"))
        ]
        yield from sorted(heard, key=lambda sighting: sighting.at)

    def _heard(self, metres: tuple[float, ...], draw: Random) -> Iterator[Sighting]:
        fading = [Multipath(self.rice_k_db, draw) for _ in metres]
        at = draw.uniform(0, self.interval_ms / 1000)
        while at < SECONDS:
            for adapter, distance in enumerate(metres):
                faded = fading[adapter].db(at, distance)
                reports = [faded, *([faded] if self.replies else [])]
                if draw.random() < self.second_channel:
                    reports.append(fading[adapter].db(at, distance))
                for faded in reports:
                    level = POWER - 22 * log10(distance) + faded + draw.gauss(0, SHADOW_DB)
                    if draw.random() >= LOSS and level > -100:
                        yield Sighting(WALL.id, round(level), at + draw.uniform(0, 0.003), POWER, f"hci{adapter}")
            at += self.interval_ms / 1000 + draw.uniform(0, 0.01)

    def detected_s(self) -> float | None:
        """Return when a second transmitter is reported; None if it never is."""
        detector = CloneDetector(self.interval_ms if self.known else None)
        for sighting in self.sightings():
            if detector.add([sighting]) and detector.evidence(sighting.at):
                return sighting.at
        return None


def one_transmitter(count: int, seed: int) -> Iterator[Placement]:
    """Yield placements of one genuine beacon; the second adapter is up to 3 m from the first."""
    draw = Random(seed)
    for number, (rice, metres, interval_ms, known, adapters) in enumerate(islice(_repeated(), count)):
        ways = (metres, *(max(0.3, metres + draw.uniform(-3, 3)) for _ in range(adapters - 1)))
        second_channel = 0.2 if number % 3 == 1 else 0.0
        yield Placement(rice, (ways,), interval_ms, known, seed + number, second_channel, replies=number % 3 == 2)


def two_transmitters(count: int, seed: int) -> Iterator[Placement]:
    """Yield a genuine beacon and another with its identity, where the interval is known."""
    draw = Random(seed)
    usable = (each for each in _repeated() if each[3])
    for number, (rice, metres, interval_ms, known, adapters) in enumerate(islice(usable, count)):
        ways = tuple(tuple(max(0.3, own + draw.uniform(-1, 1)) for _ in range(adapters)) for own in (metres, 3.0))
        yield Placement(rice, ways, interval_ms, known, seed + number)


def _repeated() -> Iterator[tuple[float | None, float, int, bool, int]]:
    while True:
        yield from SETTINGS
