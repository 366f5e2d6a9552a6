"""beacon-gateway explain: why the screen shows what it shows, asked of the gateway that runs on this device."""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from beacon_gateway.commands.daemon_client import NotRunning, address, ask, ask_json
from beacon_gateway.commands.decision_inputs import HEAD, TOML_ONLY
from beacon_gateway.commands.effective_settings import tell_refused
from beacon_gateway.commands.radio_wording import scanner_sentences
from beacon_gateway.commands.terminal_wrap import say
from beacon_gateway.model.beacons import Beacon
from beacon_gateway.model.visits import Crossing
from beacon_gateway.presence.explain.decision_wording import INDENT, reasons, screen, sentences
from beacon_gateway.presence.trace import Decision, What
from daemonkit.files import write_atomically
from daemonkit.toml import ConfigRefused
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind

FAILURE, TRY_AGAIN, CONFIGURATION = 1, 75, 78


def run(config: Path, state_dir: Path, url: str, last: int, as_json: bool, picture: Path | None) -> int:
    """The exit code: 0, 1 when the picture cannot be written, 75 when no gateway answers, 78 for a broken TOML.

    `url`: of the kiosk; empty, it is read from the TOML, with the enrolment in `state_dir`.
    """
    try:
        base = url or address(config, state_dir)
        health = {} if as_json else ask_json(base, "/healthz")
        told = ask_json(base, f"/site/trace.json?last={last}")
        drawn = ask(base, "/site/trace.svg") if picture else b""
        style = ask(base, "/site/trace.css") if picture else b""
    except ConfigRefused as refused:
        tell_refused(refused, state_dir)
        return CONFIGURATION
    except NotRunning as error:
        print(f"beacon-gateway explain: {error}. --url http://127.0.0.1:8080", file=sys.stderr)
        return TRY_AGAIN
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        say("\n".join(_head(health)))
        _print(told)
    if picture is None:
        return 0
    try:
        write_atomically(picture, _in_one(drawn, style), mode=0o600)
    except OSError as error:
        print(f"beacon-gateway explain: {picture}: {error.strerror}", file=sys.stderr)
        return FAILURE
    return 0


def _head(health: Mapping[str, Any]) -> Iterator[str]:
    """From what the running gateway decides, and whether it hears."""
    version = health.get("catalogue")
    yield f"{HEAD} 目录 catalogue {version} + TOML" if version else f"{HEAD} {TOML_ONLY}"
    yield from scanner_sentences(health.get("radio") or {})


def _print(told: Mapping[str, Any]) -> None:
    """The decisions, the newest last, at seconds before now; then what stands on the screen."""
    decisions = [_decision(each) for each in told["decisions"]]
    labels = {each["beacon"]: each["label"] for each in told["decisions"] if each["beacon"]}
    beacons = [Beacon(_id(word), BeaconKind.place, label) for word, label in labels.items()]
    now = told["screen"]["project"] or ""
    first = next((decision.before for decision in decisions if decision.what is What.shown), now)
    for block in sentences(decisions, beacons, first):
        say(block)
    if not decisions:
        print("还没有判定 no decision yet")
    say(f"屏幕现在显示 the screen now shows: {screen(now)}")
    for reason in (told["screen"]["reason"], told["screen"]["held"]):
        for line in reasons(reason) if reason else ():
            say(f"{'':{INDENT}}{line}")


def _decision(told: dict[str, Any]) -> Decision:
    numbers = told["in"]
    return Decision(
        number=told["number"],
        at=-told["ago_s"],
        what=What(told["what"]),
        beacon=_id(told["beacon"]) if told["beacon"] else None,
        tag_class=told["tag_class"],
        rssi=numbers["rssi"],
        level_db=numbers["level_db"],
        distance_m=numbers["distance_m"],
        rule=told["rule"],
        crossed=tuple(Crossing(**edge) for edge in numbers.get("edges", ())),
        **told["out"],
    )


def _id(word: str) -> BeaconId:
    uuid, major, minor = word.split("/")
    return BeaconId(UUID(uuid), int(major), int(minor))


def _in_one(drawn: bytes, style: bytes) -> bytes:
    """A picture that carries its style, for a file."""
    head, _, rest = drawn.partition(b"?>")
    return rest.replace(b"</title>", b"</title><style>" + style + b"</style>", 1) if rest else head
