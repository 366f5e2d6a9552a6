"""beacon-gateway explain: print why the screen shows what it shows, queried from the running gateway."""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from beacon_gateway.commands.daemon_client import NotRunning, fetch, fetch_json, find_address
from beacon_gateway.commands.decision_inputs import HEAD, TOML_ONLY
from beacon_gateway.commands.effective_settings import print_refused
from beacon_gateway.commands.radio_wording import scanner_sentences
from beacon_gateway.commands.terminal_wrap import print_folded
from beacon_gateway.model.beacons import Beacon
from beacon_gateway.presence.decision_json import DecisionUnreadable, parse_beacon_id, read_decision, read_reason
from beacon_gateway.presence.explain.decision_wording import INDENT, name_screen, word_decisions
from beacon_gateway.presence.explain.reason_wording import word_in_both
from beacon_gateway.presence.trace import DecisionKind
from beacon_gateway.radio.status_json import read_radio_status
from daemonkit.files import write_atomically
from daemonkit.toml import ConfigRefused
from sync_contract.catalogue import BeaconKind

FAILURE, TRY_AGAIN, CONFIGURATION = 1, 75, 78


def run(config: Path, state_dir: Path, url: str, last: int, as_json: bool, picture: Path | None) -> int:
    """Return the exit code: 0, 1 if the picture cannot be written, 75 if no gateway answers, 78 for invalid settings.

    `url`: of the kiosk; if empty, it is read from the TOML and the enrolment in `state_dir`.
    """
    try:
        base = url or find_address(config, state_dir)
        health = {} if as_json else fetch_json(base, "/healthz")
        trace = fetch_json(base, f"/site/trace.json?last={last}")
        drawing = fetch(base, "/site/trace.svg") if picture else b""
        style = fetch(base, "/site/trace.css") if picture else b""
        text = json.dumps(trace, ensure_ascii=False) if as_json else "\n".join((*_head(health), *_word_trace(trace)))
    except ConfigRefused as refused:
        print_refused(refused, state_dir)
        return CONFIGURATION
    except NotRunning as error:
        print(f"beacon-gateway explain: {error}", file=sys.stderr)
        print("  请指定地址 give the address: --url http://127.0.0.1:8080", file=sys.stderr)
        return TRY_AGAIN
    except (DecisionUnreadable, KeyError, TypeError) as error:
        print(
            f"beacon-gateway explain: {base}: 网关是别的版本 the gateway has another version: {error}", file=sys.stderr
        )
        return TRY_AGAIN
    print(text) if as_json else print_folded(text)
    if picture is None:
        return 0
    try:
        write_atomically(picture, _embed_style(drawing, style), mode=0o600)
    except OSError as error:
        print(f"beacon-gateway explain: {picture}: {error.strerror}", file=sys.stderr)
        return FAILURE
    return 0


def _head(health: Mapping[str, Any]) -> Iterator[str]:
    """Yield the sources of the decisions and the state of the radio."""
    version = health.get("catalogue")
    yield f"{HEAD} 目录 catalogue {version} + TOML" if version else f"{HEAD} {TOML_ONLY}"
    yield from scanner_sentences(read_radio_status(health.get("radio") or {}))


def _word_trace(trace: Mapping[str, Any]) -> Iterator[str]:
    """Yield the decisions, the newest last, in seconds before now; then the current screen."""
    decisions = [replace(read_decision(each), at=-each["ago_s"]) for each in trace["decisions"]]
    labels = {each["beacon"]: each["label"] for each in trace["decisions"] if each["beacon"]}
    beacons = [Beacon(parse_beacon_id(text), BeaconKind.place, label) for text, label in labels.items()]
    screen = trace["screen"]
    now = screen["project"] or ""
    first = next((decision.before for decision in decisions if decision.kind is DecisionKind.shown), now)
    yield from word_decisions(decisions, beacons, first)
    if not decisions:
        yield "还没有判定 no decision yet"
    yield f"屏幕现在显示 the screen now shows: {name_screen(now)}"
    for record in filter(None, (screen["reason"], screen["lock"])):
        yield from (f"{'':{INDENT}}{line}" for line in word_in_both(read_reason(record)))


def _embed_style(drawing: bytes, style: bytes) -> bytes:
    """Return a picture that does not need the gateway's style sheet."""
    head, _, rest = drawing.partition(b"?>")
    return rest.replace(b"</title>", b"</title><style>" + style + b"</style>", 1) if rest else head
