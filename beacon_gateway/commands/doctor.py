"""beacon-gateway doctor: check the device and the running gateway, and print what to do."""

import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

from beacon_gateway.commands.daemon_client import NotRunning, fetch_json, find_address
from beacon_gateway.commands.effective_settings import load_settings
from beacon_gateway.doctor import adapter, air, board, network, privileges, service
from beacon_gateway.doctor.air import read_radio
from beacon_gateway.doctor.facts import CONFIGURATION, FAILURE, Facts, Problem
from beacon_gateway.doctor.machine import Machine
from beacon_gateway.settings import Settings
from daemonkit.findings import fault, format_findings, note
from daemonkit.toml import ConfigRefused, locate

LANGUAGES = ("zh", "en")
USAGE = 2
SAMPLE_S = 1.5
"""How long adverts are counted."""
CHECKS = (
    *service.CHECKS,
    *privileges.CHECKS,
    *adapter.CHECKS,
    *air.CHECKS,
    *board.CHECKS,
    *network.CHECKS,
)


def run(config: Path, state_dir: Path, language: str, url: str, as_json: bool) -> int:
    """Return 0 without a finding; 78 if settings are wrong, 1 for other faults, 75 if all may pass by themselves.

    Return 2 for a language in which the doctor has no texts. `language`: empty for that of the environment.
    """
    if language not in ("", *LANGUAGES):
        print(f"--lang {language}: 只有 zh 和 en only zh and en are available", file=sys.stderr)
        return USAGE
    problems = list(find_problems(read_facts(config, state_dir, url, Machine())))
    if as_json:
        print(json.dumps([asdict(each) for each in problems], ensure_ascii=False, indent=2))
    else:
        chinese = (language or os.environ.get("LC_ALL") or os.environ.get("LANG", "")).startswith("zh")
        print(format_problems(problems, chinese=chinese))
    return choose_exit_code(problems)


def read_facts(config: Path, state_dir: Path, url: str, machine: Machine) -> Facts:
    """Read settings, enrolment and the gateway's /healthz. `url`: of the running gateway; if empty, by the settings."""
    today = date.today()  # noqa: DTZ011  # of this place
    try:
        settings = load_settings(config, state_dir)
        placeholders = tuple(str(each) for each in locate(config, Settings, settings.placeholders()))
    except ConfigRefused as refused:
        faults = tuple(str(each) for each in refused.faults)
        return Facts(machine, config, None, state_dir, today, refused=faults)
    facts = Facts(machine, config, settings, state_dir, today, placeholders=placeholders)
    try:
        return _sample(facts, url or find_address(config, state_dir))
    except NotRunning:
        return facts


def _sample(facts: Facts, url: str) -> Facts:
    """Add /healthz; from a gateway that receives with adapters, twice. Raise NotRunning."""
    facts = replace(facts, health=fetch_json(url, "/healthz"))
    if not read_radio(facts).adapters:
        return facts
    began = time.monotonic()
    time.sleep(SAMPLE_S)
    health = fetch_json(url, "/healthz")
    return replace(facts, health=health, earlier=facts.health, sampled_s=time.monotonic() - began)


def find_problems(facts: Facts) -> Iterator[Problem]:
    for check in CHECKS:
        yield from check(facts)


def choose_exit_code(problems: list[Problem]) -> int:
    codes = {each.exit_code for each in problems if not each.is_note}
    return next((code for code in (CONFIGURATION, FAILURE) if code in codes), max(codes, default=0))


def format_problems(problems: list[Problem], *, chinese: bool) -> str:
    """Return the text in one language; its last line counts the findings, without notes."""
    if chinese:
        lines = [
            f"{each.code:<14}{each.zh}" + (f"\n{'':<14}-> {each.remedy}" if each.remedy else "") for each in problems
        ]
        count = sum(not each.is_note for each in problems)
        last = f"{count} 件事要处理。" if count else f"检查了 {len(CHECKS)} 项,没有问题。"
        return "\n".join((*lines, last))
    return format_findings(
        [(note if each.is_note else fault)(each.code, each.en, *filter(None, [each.remedy])) for each in problems]
    )
