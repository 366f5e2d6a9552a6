"""Convert RadioStatus and AdvertStatus to the JSON of /healthz, with sentences for people, and back."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from beacon_gateway.model.radio_status import (
    AdapterStatus,
    AdvertStatus,
    BatteryStatus,
    DeliveryStatus,
    IdentityStatus,
    LivenessStatus,
    RadioStatus,
    RecoveryStatus,
)
from beacon_gateway.radio.advertise.advert_wording import word_off_air, word_refusal
from beacon_gateway.radio.radio_wording import (
    word_batteries,
    word_delivery,
    word_liveness,
    word_passive_given_up,
    word_recovery,
)

_RADIO, _ADVERT = TypeAdapter(RadioStatus), TypeAdapter(AdvertStatus)
_DERIVED: Mapping[type, Callable[[Any], dict[str, object]]] = {
    AdapterStatus: lambda status: {"mode_words": word_passive_given_up(status.passive_given_up)},
    BatteryStatus: lambda status: {"words": word_batteries(status)},
    DeliveryStatus: lambda status: {"words": word_delivery(status)},
    IdentityStatus: lambda status: {
        "words": word_off_air(status),
        "refused": word_refusal(status.refusal)["en"] if status.refusal else None,
    },
    LivenessStatus: lambda status: {"proof": status.proof.value, "words": word_liveness(status)},
    RecoveryStatus: lambda status: {"words": word_recovery(status)},
}
"""Keys that are computed from the fields of a status; the readers below ignore them."""


def to_json(status: RadioStatus | AdvertStatus) -> dict[str, object]:
    """Return what json.dumps accepts; floats have two decimals."""
    return dict(_to_builtins(status))


def read_radio_status(data: object) -> RadioStatus:
    """Return the status in the JSON of a running gateway; state `unknown` for that of another version."""
    try:
        return _RADIO.validate_python(data)
    except ValidationError:
        return RadioStatus("unknown")


def read_advert_status(data: object) -> AdvertStatus:
    """Return the status in the JSON of a running gateway; state `unknown` for that of another version."""
    try:
        return _ADVERT.validate_python(data)
    except ValidationError:
        return AdvertStatus("unknown")


def _to_builtins(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if is_dataclass(value):
        items = {each.name: getattr(value, each.name) for each in fields(value)}
        derived = _DERIVED.get(type(value))
        known = items | (derived(value) if derived else {})
        return {key: _to_builtins(each) for key, each in known.items()}
    match value:
        case Mapping():
            return {str(key): _to_builtins(each) for key, each in value.items()}
        case frozenset():
            return sorted(value)
        case tuple():
            return [_to_builtins(each) for each in value]
        case float():
            return round(value, 2)
    return value
