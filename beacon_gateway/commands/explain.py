"""beacon-gateway explain: why the screen shows what it shows, asked of the gateway that runs on this device."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from beacon_gateway.commands.running import NotRunning, address, ask, ask_json
from beacon_gateway.model.beacons import Beacon
from beacon_gateway.presence.explain.words import screen, sentences
from beacon_gateway.presence.trace import Decision, What
from daemonkit.files import write_atomically
from daemonkit.toml import ConfigRefused
from sync_contract.beacon import BeaconId
from sync_contract.catalogue import BeaconKind

FAILURE, TRY_AGAIN, CONFIGURATION = 1, 75, 78
HELD = {
    "somebody is giving": "有人正在捐款,屏幕不换 somebody is giving: the screen stays",
}


def run(config: Path, url: str, last: int, as_json: bool, picture: Path | None) -> int:
    """The exit code: 0, 1 when the picture cannot be written, 75 when no gateway answers, 78 for a broken TOML.

    `url`: of the kiosk; empty, it is read from the TOML.
    """
    try:
        base = url or address(config)
        told = ask_json(base, f"/site/trace.json?last={last}")
        drawn = ask(base, "/site/trace.svg") if picture else b""
        style = ask(base, "/site/trace.css") if picture else b""
    except ConfigRefused as refused:
        print(refused, file=sys.stderr)
        return CONFIGURATION
    except NotRunning as error:
        print(f"beacon-gateway explain: {error}. --url http://127.0.0.1:8080", file=sys.stderr)
        return TRY_AGAIN
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        _print(told)
    if picture is None:
        return 0
    try:
        write_atomically(picture, _in_one(drawn, style), mode=0o600)
    except OSError as error:
        print(f"beacon-gateway explain: {picture}: {error.strerror}", file=sys.stderr)
        return FAILURE
    return 0


def _print(told: Mapping[str, Any]) -> None:
    """The decisions, the newest last, at seconds before now; then what stands on the screen."""
    decisions = [_decision(each) for each in told["decisions"]]
    labels = {each["beacon"]: each["label"] for each in told["decisions"] if each["beacon"]}
    beacons = [Beacon(_id(word), BeaconKind.place, label) for word, label in labels.items()]
    now = told["screen"]["project"] or ""
    first = next((decision.before for decision in decisions if decision.what is What.shown), now)
    for block in sentences(decisions, beacons, first):
        print(block)
    if not decisions:
        print("还没有判定 no decision yet")
    print(f"屏幕现在显示 the screen now shows: {screen(now)}\n{'':14}{told['screen']['reason']}")
    if held := told["screen"]["held"]:
        print(f"{'':14}{HELD.get(held, held)}")


def _decision(told: dict[str, Any]) -> Decision:
    return Decision(
        number=told["number"],
        at=-told["ago_s"],
        what=What(told["what"]),
        beacon=_id(told["beacon"]) if told["beacon"] else None,
        tag_class=told["tag_class"],
        rule=told["rule"],
        **told["in"],
        **told["out"],
    )


def _id(word: str) -> BeaconId:
    uuid, major, minor = word.split("/")
    return BeaconId(UUID(uuid), int(major), int(minor))


def _in_one(drawn: bytes, style: bytes) -> bytes:
    """A picture that carries its style, for a file."""
    head, _, rest = drawn.partition(b"?>")
    return rest.replace(b"</title>", b"</title><style>" + style + b"</style>", 1) if rest else head
