"""Decisions and their reasons as JSON values: one writer and one reader for files, pages and commands."""

from collections.abc import Mapping
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import Field, TypeAdapter, ValidationError

from beacon_gateway.errors import GatewayError
from beacon_gateway.model.reasons import CloneEvidence, Reason
from beacon_gateway.presence.trace import Decision
from sync_contract.beacon_identity import BeaconId

VERSION: Final = 1
_REASON: TypeAdapter[Reason | CloneEvidence] = TypeAdapter(
    Annotated[Reason | CloneEvidence, Field(discriminator="kind")]
)
_DECISION = TypeAdapter(Decision)


class DecisionUnreadable(GatewayError):
    """A JSON value is not a decision of this version."""


def build_reason_record(reason: Reason | CloneEvidence) -> dict[str, Any]:
    """Return the facts with their `kind`; numbers have at most three decimals."""
    return dict(_rounded(_REASON.dump_python(reason, mode="json")))


def build_decision_record(decision: Decision) -> dict[str, Any]:
    """Return the fields of Decision; a beacon is written as uuid/major/minor."""
    record = _rounded(_DECISION.dump_python(decision, mode="json", exclude={"beacon"}))
    return {"version": VERSION, **record, "beacon": None if decision.beacon is None else str(decision.beacon)}


def read_reason(record: object) -> Reason | CloneEvidence:
    """Invert build_reason_record. Raise DecisionUnreadable."""
    try:
        return _REASON.validate_python(record)
    except ValidationError as error:
        raise DecisionUnreadable(_describe_fault(error)) from error


def read_decision(record: Mapping[str, Any]) -> Decision:
    """Invert build_decision_record; other keys are ignored. Raise DecisionUnreadable."""
    if record.get("version") != VERSION:
        raise DecisionUnreadable(f"version {record.get('version')!r:.40} of a decision; {VERSION} is expected")
    beacon = record.get("beacon")
    try:
        return _DECISION.validate_python({**record, "beacon": None if beacon is None else parse_beacon_id(str(beacon))})
    except ValidationError as error:
        raise DecisionUnreadable(_describe_fault(error)) from error


def parse_beacon_id(text: str) -> BeaconId:
    """Invert str(BeaconId). Raise DecisionUnreadable."""
    try:
        uuid, major, minor = text.split("/")
        return BeaconId(UUID(uuid), int(major), int(minor))
    except ValueError as error:
        raise DecisionUnreadable(f"beacon {text:.80}: uuid/major/minor is expected") from error


def _describe_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False)[0]
    return f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"


def _rounded(value: object) -> Any:  # noqa: ANN401  # JSON in, JSON out
    match value:
        case float():
            return round(value, 3)
        case dict():
            return {key: _rounded(each) for key, each in value.items()}
        case list():
            return [_rounded(each) for each in value]
    return value
