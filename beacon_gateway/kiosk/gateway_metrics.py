"""Describe the gateway for Prometheus. Place beacons are named by their label; people's tags do not appear at all."""

from collections.abc import Iterator, Mapping

from beacon_gateway.kiosk.screen_health import ScreenStatus
from beacon_gateway.model.gateway_facts import GatewayFacts
from beacon_gateway.model.hall_status import HallState
from beacon_gateway.model.radio_status import (
    AdapterStatus,
    PlaceBattery,
    Proof,
    RadioStatus,
    RecoveryStep,
)
from daemonkit.metrics import Metric, single

_P = "beacon_gateway"


def describe_gateway(facts: GatewayFacts, screen: ScreenStatus) -> Iterator[Metric]:
    yield single(f"{_P}_healthy", "1: the answer of /healthz is 200.", facts.healthy)
    yield single(f"{_P}_store_works", "1: the store answers and is not damaged.", facts.store_works)
    yield single(f"{_P}_delivery_stuck", "1: the server answers, but takes no parcels.", facts.delivery_stuck)
    yield single(f"{_P}_clock_trusted", "1: the system clock is synchronised.", facts.clock_trusted)
    yield Metric(f"{_P}_parcels", "Parcels by state.", facts.parcels, ("state",))
    age = facts.server_answer_age_s
    yield single(f"{_P}_server_answer_age_seconds", "Seconds since the central server last answered.", age)
    yield single(f"{_P}_catalogue_version", "Version of the catalogue in use; 0: none.", facts.catalogue_version)
    hall = {state.value: float(state is facts.hall) for state in HallState}
    yield Metric(f"{_P}_hall", "1: the state of the hall against its calibration.", hall, ("state",))
    yield single(f"{_P}_screen_silence_seconds", "Seconds since the kiosk's page last reported.", screen.silent_s)
    yield single(f"{_P}_screen_covered_seconds", "Seconds with another window before the page.", screen.behind_s)
    yield from _describe_radio(facts.radio)
    yield from _describe_places(facts)
    own = {each.beacon: float(each.off_air_s is None) for each in facts.advert.identities}
    yield Metric(f"{_P}_advert_on_air", "1: our own beacon is on the air.", own, ("beacon",))


def _describe_radio(radio: RadioStatus) -> Iterator[Metric]:
    yield single(f"{_P}_radio_scanning", "1: a scan runs.", radio.scans)
    proof = radio.liveness.proof if radio.liveness else Proof.not_proved
    proofs = {each.value: float(each is proof) for each in Proof}
    yield Metric(f"{_P}_radio_proof", "1: whether a known transmitter proves reception.", proofs, ("proof",))
    yield single(f"{_P}_radio_needs_person", "1: every automatic recovery step was taken.", radio.asks_a_person)
    yield single(f"{_P}_radio_frames_total", "iBeacon frames received.", radio.frames)
    yield single(f"{_P}_radio_other_adverts_total", "Adverts received that are not iBeacons.", radio.foreign)
    silent = {name: each.last_heard_s for name, each in radio.adapters.items() if each.last_heard_s is not None}
    yield Metric(f"{_P}_adapter_silence_seconds", "Seconds since the adapter last received.", silent, ("adapter",))
    renewed = {name: float(each.rebuilds) for name, each in radio.adapters.items()}
    yield Metric(f"{_P}_adapter_scans_renewed_total", "Scans that were started again.", renewed, ("adapter",))
    steps = {
        (name, step.value): float(count)
        for name, each in radio.adapters.items()
        for step, count in _steps(each).items()
    }
    help_ = "Recovery steps taken since the start."
    yield Metric(f"{_P}_adapter_recovery_steps_total", help_, steps, ("adapter", "step"))


def _steps(adapter: AdapterStatus) -> Mapping[RecoveryStep, int]:
    return adapter.recovery.taken if adapter.recovery else {}


def _describe_places(facts: GatewayFacts) -> Iterator[Metric]:
    received = {(beacon.label, str(beacon.id)): float(now) for beacon, now in facts.places().items()}
    yield Metric(f"{_P}_place_received", "1: the fixed beacon is received now.", received, ("label", "beacon"))
    batteries = facts.radio.batteries.places if facts.radio.batteries else ()

    def by_place(read: Mapping[str, float | None]) -> dict[str, float]:
        return {label: value for label, value in read.items() if value is not None}

    low = by_place({each.label: each.low for each in batteries})
    yield Metric(f"{_P}_place_battery_low", "1: the fixed beacon needs a new battery.", low, ("label",))
    ratio = by_place({each.label: _ratio(each) for each in batteries})
    yield Metric(f"{_P}_place_battery_ratio", "Charge that the beacon reports, 0 to 1.", ratio, ("label",))
    volts = by_place({each.label: each.battery_mv and each.battery_mv / 1000 for each in batteries})
    yield Metric(f"{_P}_place_battery_volts", "Voltage that the beacon reports.", volts, ("label",))


def _ratio(battery: PlaceBattery) -> float | None:
    return None if battery.battery_percent is None else battery.battery_percent / 100
