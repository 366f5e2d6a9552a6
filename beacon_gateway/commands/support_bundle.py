"""beacon-gateway support-bundle: an archive for whoever helps, without secrets and personal values."""

import io
import json
import os
import platform
import re
import sys
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.metadata import distributions, version
from pathlib import Path
from typing import Any

from beacon_gateway.commands.daemon_client import NotRunning, fetch, find_address
from beacon_gateway.commands.doctor import find_problems, format_problems, read_facts
from beacon_gateway.commands.effective_settings import describe_unreadable
from beacon_gateway.doctor.facts import Facts
from beacon_gateway.doctor.machine import Machine
from beacon_gateway.doctor.redaction import Redactor, collect_known
from beacon_gateway.store.identity import FILE as IDENTITY
from daemonkit.toml import ConfigRefused

FAILURE = 1
_UNITS = ("beacon-gateway", "beacon-kiosk", "beacon-radio-helper", "bluetooth")
_MAX_JOURNAL_BYTES = 20_000_000


def write(config: Path, state_dir: Path, output: Path | None, lines: int, url: str, as_json: bool) -> int:
    """Return the exit code: 0, 1 if something cannot be read or written."""
    if problem := describe_unreadable(state_dir):
        print(problem, file=sys.stderr)
        return FAILURE
    now = datetime.now(UTC)
    target = output or Path(f"beacon-gateway-support-{now:%Y%m%d-%H%M%S}.tar.gz")
    if sys.stderr.isatty():
        print("正在收集 collecting …", file=sys.stderr)
    files, redactor = collect(config, state_dir, lines, url, Machine(), now)
    try:
        _write_archive(target, files, now)
    except OSError as error:
        print(f"beacon-gateway support-bundle: {target}: {error.strerror}", file=sys.stderr)
        return FAILURE
    if as_json:
        print(json.dumps({"file": str(target), "contents": list(files), "hidden": redactor.hidden}, ensure_ascii=False))
        return 0
    print(f"已写好 written: {target}")
    for name, text in files.items():
        print(f"  {name:<14}{len(text.encode()):>9} bytes")
    print(
        f"遮住了 {redactor.hidden} 处密钥、号码和名称;发送前请自己看一遍 "
        f"{redactor.hidden} keys, numbers and names are hidden; look through it before you send it"
    )
    return 0


def collect(
    config: Path, state_dir: Path, lines: int, url: str, machine: Machine, now: datetime
) -> tuple[Mapping[str, str], Redactor]:
    """Return the redacted files by name, and the redactor that counts what it hid."""
    facts = read_facts(config, state_dir, url, machine)
    settings = facts.settings.model_dump(mode="json", by_alias=True) if facts.settings else {}
    texts = tuple(_read_texts(config)) if not settings else ()
    password_files = [settings["mqtt"]["password_file"]] if settings else [each for each in texts if each[0] == "/"]
    secrets = (*texts, *_read_passwords(password_files))
    redactor = Redactor(collect_known(settings, _read_identity(state_dir), secrets))
    problems = [
        replace(each, zh=redactor.hide(each.zh), en=redactor.hide(each.en), remedy=redactor.hide(each.remedy))
        for each in find_problems(facts)
    ]  # before the texts are wrapped: a value across two lines would not be found
    findings = "\n\n".join(format_problems(problems, chinese=chinese) for chinese in (True, False))
    files = {
        "README.txt": _readme(now),
        "doctor.txt": findings + "\n",
        "doctor.json": _json([asdict(each) for each in problems]),
        "versions.json": _json(redactor.hide_in(_versions(machine))),
        "settings.json": _json(redactor.hide_settings(settings) if settings else redactor.hide_in(list(facts.refused))),
        "health.json": _json(redactor.hide_in(_health(facts))),
        "metrics.txt": redactor.hide(_metrics(config, state_dir, url), numbers=False),
        "journal.txt": redactor.hide(_journal(machine, lines)),
    }
    return files, redactor


def _readme(now: datetime) -> str:
    return (
        f"beacon-gateway support-bundle, {now:%Y-%m-%d %H:%M:%S} UTC\n"
        "密钥、号码、名称和地址已遮住。 Keys, numbers, names and addresses are hidden: <hidden>.\n"
        "标签改为 beacon-1 等。 Labels of beacons are replaced by beacon-1 and so on, in the order of the settings.\n"
    )


def _read_identity(state_dir: Path) -> Mapping[str, Any]:
    try:
        found = json.loads((state_dir / IDENTITY).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _read_texts(config: Path) -> Iterator[str]:
    """Yield each text of settings that are refused: the message of a fault may repeat one."""
    try:
        text = config.read_text("utf-8", "replace")
    except OSError:
        return
    for line in text.splitlines():
        yield from filter(None, (part.strip() for part in re.findall(r"=\s*(?:\{[^=]*=\s*)?(.*)", line)))
        yield from (part for pair in re.findall(r"\"([^\"]+)\"|'([^']+)'", line) for part in pair if part)


def _read_passwords(files: Iterable[str]) -> Iterator[str]:
    """Yield the password of the MQTT broker, which a program might have logged."""
    for file in filter(None, files):
        try:
            yield Path(file).read_text("utf-8", "replace").strip()
        except OSError:
            continue


def _versions(machine: Machine) -> dict[str, Any]:
    system = dict(line.split("=", 1) for line in machine.read("/etc/os-release").splitlines() if "=" in line)
    packages = {each.name: each.version for each in distributions()}
    return {
        "beacon-gateway": version("beacon-gateway"),
        "python": platform.python_version(),
        "kernel": machine.read("/proc/sys/kernel/osrelease"),
        "machine": platform.machine(),
        "board": machine.read("/proc/device-tree/model").rstrip("\0"),
        "system": system.get("PRETTY_NAME", "").strip('"'),
        "bluez": machine.run("bluetoothctl", "--version"),
        "libraries": dict(sorted(packages.items())),
    }


def _health(facts: Facts) -> Mapping[str, Any]:
    return facts.health if facts.health is not None else {"running": False}


def _metrics(config: Path, state_dir: Path, url: str) -> str:
    try:
        return fetch(url or find_address(config, state_dir), "/metrics").decode("utf-8", "replace")
    except (NotRunning, ConfigRefused):
        return "# the gateway is not running\n"


def _journal(machine: Machine, lines: int) -> str:
    units = [word for unit in _UNITS for word in ("-u", unit)]
    output = machine.run("journalctl", *units, "-q", "--no-pager", "--no-hostname", "-o", "short-iso", "-n", str(lines))
    if output is None:
        return "# journalctl did not answer\n"
    return output[-_MAX_JOURNAL_BYTES:] + "\n"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def _write_archive(target: Path, files: Mapping[str, str], now: datetime) -> None:
    """Write a new file that only its owner reads. Raises OSError, also FileExistsError."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, text in files.items():
            content = text.encode()
            member = tarfile.TarInfo(f"beacon-gateway-support/{name}")
            member.size, member.mode, member.mtime = len(content), 0o600, int(now.timestamp())
            archive.addfile(member, io.BytesIO(content))
