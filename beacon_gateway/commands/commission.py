"""beacon-gateway commission: make the acceptance sheet of the site, sign it, and hand it to the running gateway."""

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from beacon_gateway.commands import commission_wording as wording
from beacon_gateway.commands.acceptance_facts import SEEN, SiteFacts, build_sheet
from beacon_gateway.commands.calibrate import WalkOptions
from beacon_gateway.commands.calibrate import run as calibrate
from beacon_gateway.commands.daemon_client import DELIVERY_TIMEOUT_S, NotRunning, fetch_json, find_address, post_json
from beacon_gateway.commands.doctor import find_problems, read_facts
from beacon_gateway.commands.effective_settings import describe_unreadable, load_settings, print_refused
from beacon_gateway.commands.installer_dialogue import Dialogue, TerminalDialogue
from beacon_gateway.commands.terminal_wrap import print_folded
from beacon_gateway.doctor.machine import Machine
from beacon_gateway.donations.ports import StoreUnavailable
from beacon_gateway.model.delivery import DeliveryEnd
from beacon_gateway.store.acceptance import load_walk
from beacon_gateway.store.identity import FILE as IDENTITY
from beacon_gateway.store.identity import open_identity
from daemonkit.toml import ConfigRefused
from kiosk_ui.paper.acceptance_wording import word_sheet
from sync_contract.acceptance_sheet import AcceptanceSheet, digest_of, sheet_path, sign_sheet
from sync_contract.records import SignedAcceptanceSheet

FAILURE, USAGE, TRY_AGAIN, CONFIGURATION = 1, 2, 75, 78
_YES = ("y", "yes", "是", "好")


@dataclass(frozen=True, slots=True)
class CommissionOptions:
    """`walk`: True: calibrate now; False: never; None: only without an accepted walk. `seen`: None: ask.

    `url`: of the running gateway; if empty, by the settings.
    """

    radio: str = "bluez"
    walk: bool | None = None
    seen: list[str] | None = None
    url: str = ""
    as_json: bool = False


def run(config: Path, state_dir: Path, options: CommissionOptions, dialogue: Dialogue | None = None) -> int:
    """Return the exit code: 0 with a stored sheet; 1 if the walk or the key fails, 2 for bad options, 75 if no gateway
    runs with these settings, 78 for invalid settings. What was not tested is on the sheet and is no failure.
    """
    if unknown := [each for each in options.seen or () if each not in SEEN]:
        print(wording.UNKNOWN_SEEN.format(word=unknown[0]), file=sys.stderr)
        return USAGE
    if describe_unreadable(state_dir) or not (state_dir / IDENTITY).exists():
        print(wording.NO_KEY, file=sys.stderr)
        return FAILURE
    try:
        if options.walk or (options.walk is None and load_walk(state_dir) is None):
            print_folded(wording.NEEDS_WALK)
            if code := calibrate(config, state_dir, options.radio, WalkOptions()):
                return code
        return _commission(config, state_dir, options, dialogue or TerminalDialogue())
    except ConfigRefused as refused:
        print_refused(refused, state_dir)
        return CONFIGURATION
    except StoreUnavailable as error:
        print(f"beacon-gateway commission: {error}", file=sys.stderr)
        return FAILURE
    except NotRunning as error:
        print(f"beacon-gateway commission: {error}", file=sys.stderr)
        return TRY_AGAIN


def _commission(config: Path, state_dir: Path, options: CommissionOptions, dialogue: Dialogue) -> int:
    """Raise ConfigRefused, NotRunning, StoreUnavailable."""
    settings = load_settings(config, state_dir)
    base = options.url or find_address(config, state_dir)
    health = fetch_json(base, "/healthz")
    if health.get("configuration") != settings.fingerprint():
        print(wording.NOT_RELOADED, file=sys.stderr)
        return TRY_AGAIN
    seen = asyncio.run(_ask_seen(dialogue)) if options.seen is None else options.seen
    machine = Machine()
    facts = SiteFacts(
        settings=settings,
        identity=open_identity(state_dir / IDENTITY),
        health=health,
        walk=None if options.walk is False else load_walk(state_dir),
        seen=seen,
        delivery=_deliver(base),
        findings=[
            each.code for each in find_problems(read_facts(config, state_dir, base, machine)) if not each.is_note
        ],
        machine=machine,
    )
    sheet = build_sheet(facts)
    signed = sign_sheet(sheet, facts.identity.key)
    body = {"sheet": msgspec.to_builtins(signed)}
    post_json(base, "/api/v1/acceptance-sheet", body, timeout_s=DELIVERY_TIMEOUT_S)
    _print_result(sheet, signed, base, settings.central.url, delivered=_deliver(base), as_json=options.as_json)
    return 0


async def _ask_seen(dialogue: Dialogue) -> list[str]:
    """Return what the installer saw; nothing if nobody answers."""
    answers = {word: await dialogue.ask(question) for word, question in wording.QUESTIONS.items()}
    return [word for word, answer in answers.items() if (answer or "").lower() in _YES]


def _deliver(base: str) -> DeliveryEnd:
    """Return how a delivery of what waits ended; it proves that the server answers and accepts this gateway."""
    answer: Mapping[str, Any] = post_json(
        base, "/api/v1/delivery", {"retry": [], "retry_all": False}, timeout_s=DELIVERY_TIMEOUT_S
    )
    try:
        return DeliveryEnd(str(answer.get("end")))
    except ValueError:
        return DeliveryEnd.unreachable


def _print_result(
    sheet: AcceptanceSheet,
    signed: SignedAcceptanceSheet,
    base: str,
    central: str,
    *,
    delivered: DeliveryEnd,
    as_json: bool,
) -> None:
    digest = digest_of(signed)
    page = f"{base}/site/sheet"
    at_central = central.rstrip("/") + sheet_path(sheet.gateway, sheet.id, digest) if central else ""
    if as_json:
        facts = {"sheet": msgspec.to_builtins(sheet), "key": signed.key, "signature": signed.signature}
        places = {"digest": digest, "page": page, "central": at_central, "delivery": delivered.value}
        print(json.dumps(facts | places, ensure_ascii=False, indent=1))
        return
    print_folded(wording.word_summary(word_sheet(sheet, digest)))
    print_folded(wording.STORED.format(number=f"{sheet.id} · {digest}"))
    print_folded(wording.PRINT.format(address=page))
    if at_central:
        waits = "" if delivered is DeliveryEnd.complete else f"\n  {wording.WAITS}"
        print_folded(wording.CENTRAL.format(address=at_central) + waits)
