"""Propose the settings of presence from a walk: the widest zone in which the screen rarely changes wrongly."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from beacon_gateway.calibration.fit import HallFit, fit_hall
from beacon_gateway.calibration.measurement import Measurement, SpotKind
from beacon_gateway.calibration.screen_forecast import Forecast, forecast, with_power
from beacon_gateway.model.beacons import Beacon
from beacon_gateway.presence.presence_rules import ChoiceRules, PresenceRules

WIDEST_M, NARROWEST_M, STEP_M = 4.0, 1.6, 0.4
IMMEDIATE_M = 1.5
IMMEDIATE_SHARE = 0.6
"""The inner zone is at most this share of the outer one."""
WITHIN_SHARE = 0.75
"""The zone ends at this share of the way to the nearest other spot."""
MAX_WRONG_PER_HOUR = 6.0
MAX_WRONG_SHARE = 0.05
NEIGHBOUR_STAY_S, NEIGHBOUR_RETREAT_S = 0.5, 2.5
"""Where a neighbouring kiosk shows the project next, this one does not go on showing it."""
FORECAST_S = 1800.0
EXPONENTS = (1.0, 6.0)
"""Those that the settings allow."""


@dataclass(frozen=True, slots=True)
class SpotForecast:
    """`expected`: standing there should show the project."""

    measurement: Measurement
    forecast: Forecast

    @property
    def expected(self) -> bool:
        return self.measurement.spot.kind is SpotKind.reference

    @property
    def wrong_per_hour(self) -> float:
        """Return how often the screen changes wrongly while somebody stands there for an hour."""
        return self.forecast.shown_per_hour

    @property
    def wrong_share(self) -> float:
        share = self.forecast.shown_share
        return 1.0 - share if self.expected else share

    @property
    def good(self) -> bool:
        return self.wrong_per_hour <= MAX_WRONG_PER_HOUR and self.wrong_share <= MAX_WRONG_SHARE


@dataclass(frozen=True, slots=True)
class Proposal:
    """`rules`, `choice` and `power`: for the settings; `spots`: what would happen with them."""

    fit: HallFit
    rules: PresenceRules
    choice: ChoiceRules
    power: int
    spots: tuple[SpotForecast, ...]

    @property
    def good(self) -> bool:
        return all(spot.good for spot in self.spots)


def propose(
    measurements: Sequence[Measurement], tag: Beacon, rules: PresenceRules, choice: ChoiceRules, *, seed: str = "hall"
) -> Proposal:
    """Return the widest proposal without wrong changes; if there is none, the one with the fewest.

    `rules`: those in use, for what a walk does not measure. Raise ValueError if nothing was received.
    """
    fit = fit_hall(measurements)
    if any(each.spot.kind is SpotKind.neighbour for each in measurements):
        choice = replace(choice, stay_s=min(choice.stay_s, NEIGHBOUR_STAY_S))
        rules = replace(rules, retreat_s=min(rules.retreat_s, NEIGHBOUR_RETREAT_S))
    best: Proposal | None = None
    for near_m in _widths(measurements, fit):
        tried = _try(measurements, fit, tag, rules, choice, near_m, seed)
        if tried.good:
            return tried
        if best is None or _badness(tried) < _badness(best):
            best = tried
    assert best is not None
    return best


def forecast_walk(
    measurements: Sequence[Measurement], tag: Beacon, rules: PresenceRules, choice: ChoiceRules, seed: str
) -> tuple[SpotForecast, ...]:
    """Return the forecast of each spot with these rules and the tag's own power."""
    return tuple(
        SpotForecast(each, forecast(each, tag, rules, choice, seconds=FORECAST_S, seed=f"{seed} {number}"))
        for number, each in enumerate(measurements)
    )


def _try(
    measurements: Sequence[Measurement],
    fit: HallFit,
    tag: Beacon,
    rules: PresenceRules,
    choice: ChoiceRules,
    near_m: float,
    seed: str,
) -> Proposal:
    low, high = EXPONENTS
    exponent = round(min(high, max(low, fit.exponent.value)), 1)
    power = round(fit.power.value)
    immediate_m = round(min(IMMEDIATE_M, IMMEDIATE_SHARE * near_m), 1)
    losses = tuple((adapter, max(0.0, round(loss.value, 1))) for adapter, loss in sorted(fit.losses_db.items()))
    tried = replace(
        rules,
        immediate_m=immediate_m,
        near_m=near_m,
        path_loss_exponent=exponent,
        adapter_losses=losses if len(losses) > 1 else (),
    )
    described = with_power(tag, power, exponent)
    return Proposal(fit, tried, choice, power, forecast_walk(measurements, described, tried, choice, seed))


def _widths(measurements: Sequence[Measurement], fit: HallFit) -> Iterator[float]:
    """Yield the outer edges to try, the widest first."""
    others = [each.spot.metres for each in measurements if each.spot.kind is not SpotKind.reference]
    widest = min([WIDEST_M, *(WITHIN_SHARE * metres for metres in others)])
    for each in measurements:
        if each.spot.kind is SpotKind.neighbour:
            widest = min(widest, equally_likely_m(each, fit))
    width = max(NARROWEST_M, round(widest, 1))
    while width >= NARROWEST_M:
        yield round(width, 1)
        width -= STEP_M


def equally_likely_m(neighbour: Measurement, fit: HallFit) -> float:
    """Return the distance at which a tag is as likely at this kiosk as at the neighbouring one.

    Both stand 1 m in front of a kiosk, with equal spread: the level in the middle of the two.
    """
    levels = [level.dbm + fit.losses_db[adapter].value for adapter, level in neighbour.levels().items()]
    there = max(levels) if levels else fit.level_dbm(neighbour.spot.metres)
    return fit.metres((fit.power.value + there) / 2)


def _badness(proposal: Proposal) -> float:
    return sum(spot.wrong_share + spot.wrong_per_hour / 60 for spot in proposal.spots)
