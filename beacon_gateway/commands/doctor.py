"""beacon-gateway doctor: check the device and the running gateway, and print what to do."""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path

from beacon_gateway.commands.daemon_client import NotRunning, fetch_json, find_address
from beacon_gateway.commands.effective_settings import load_settings
from beacon_gateway.doctor import adapter, board, network, service
from beacon_gateway.doctor.facts import CONFIGURATION, FAILURE, Facts, Problem
from beacon_gateway.doctor.machine import Machine
from beacon_gateway.settings import Settings
from daemonkit.findings import fault, format_findings
from daemonkit.toml import ConfigRefused, locate

LANGUAGES = ("zh", "en")
USAGE = 2
CHECKS = (*service.CHECKS, *adapter.CHECKS, *board.CHECKS, *network.CHECKS)


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
    try:
        health = fetch_json(url or find_address(config, state_dir), "/healthz")
    except NotRunning:
        health = None
    return Facts(machine, config, settings, state_dir, today, health, placeholders=placeholders)


def find_problems(facts: Facts) -> Iterator[Problem]:
    for check in CHECKS:
        yield from check(facts)


def choose_exit_code(problems: list[Problem]) -> int:
    codes = {each.exit_code for each in problems}
    return next((code for code in (CONFIGURATION, FAILURE) if code in codes), max(codes, default=0))


def format_problems(problems: list[Problem], *, chinese: bool) -> str:
    """Return the text in one language; its last line counts the findings."""
    if chinese:
        lines = [
            f"{each.code:<11}{each.zh}" + (f"\n{'':<11}-> {each.remedy}" if each.remedy else "") for each in problems
        ]
        last = f"{len(problems)} 件事要处理。" if problems else f"检查了 {len(CHECKS)} 项,没有问题。"
        return "\n".join((*lines, last))
    return format_findings([fault(each.code, each.en, *filter(None, [each.remedy])) for each in problems])
