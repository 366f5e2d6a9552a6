"""beacon-gateway rehearse: run a new version on a copy of the store, before it serves the kiosk on the store itself."""

import asyncio
import json
import os
import re
import shutil
import socket
import sqlite3
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from typing import Any

import structlog

from beacon_gateway import daemon
from beacon_gateway.commands.settings_file import SettingsFile
from beacon_gateway.donations.ports import MIN_FREE_BYTES, StoreFault
from beacon_gateway.errors import GatewayError
from beacon_gateway.settings import Settings
from beacon_gateway.store.database import open_database
from beacon_gateway.store.identity import FILE as IDENTITY
from beacon_gateway.store.inspection import connect_read_only, find_fault
from beacon_gateway.store.restored_state import ENVIRONMENT, STORE
from beacon_gateway.store.state_folder import locked
from daemonkit import logs
from daemonkit.files import write_atomically
from sync_contract.uuid7 import new_id

log = structlog.get_logger()
FAILURE = 1
REHEARSED, REFUSED = "rehearsed", "upgrade-refused"
"""Files of the state folder: the version that passed last, and one that failed, which beacon-rollback.path watches."""
_DRAFT = ".rehearsal"
_LIMIT_S = 60.0
_POLL_S = 0.1
_NOWHERE = "https://127.0.0.1:9"
"""In place of the central server: what waits in the copy must not be delivered."""
_OF_THE_DEVICE = {StoreFault.disk_full.value, StoreFault.backlog_full.value}
"""Faults that the previous version has too."""


class RehearsalFailed(GatewayError):
    """The new version does not work on the copy, as the message states."""


def rehearse(config: Path, state_dir: Path, *, always: bool = False) -> int:
    """Return 0 if this version passed, now or before, or there is nothing to copy; else 1. The store is unchanged."""
    logs.configure()
    own = version("beacon-gateway")
    if not (state_dir / STORE).exists() or (not always and _read(state_dir / REHEARSED) == own):
        return 0
    for variable in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"):
        os.environ.pop(variable, None)
    try:
        with locked(state_dir), _copied_state(state_dir) as copy:
            if copy is not None:
                settings, _ = SettingsFile(config, state_dir, _without_network).load()
                asyncio.run(_work_on(copy, settings))
    except Exception as error:  # noqa: BLE001 - whatever ends it, this version does not work here
        log.error("rehearsal.failed", version=own, reason="; ".join(_list_reasons(error)))
        write_atomically(state_dir / REFUSED, f"{own}\n".encode())
        return FAILURE
    write_atomically(state_dir / REHEARSED, f"{own}\n".encode())
    (state_dir / REFUSED).unlink(missing_ok=True)
    log.info("rehearsal.passed", version=own)
    return 0


@contextmanager
def _copied_state(state_dir: Path) -> Iterator[Path | None]:
    """Copy store and identity into a private folder; None if the disk has no room, or the store needs repair first.

    A damaged store is repaired when the gateway opens it, by every version.
    """
    for left in state_dir.glob(f"{_DRAFT}*"):  # of a power cut
        shutil.rmtree(left, ignore_errors=True)
    store, folder = state_dir / STORE, state_dir / _DRAFT
    if shutil.disk_usage(state_dir).free < MIN_FREE_BYTES + 2 * store.stat().st_size:
        log.warning("rehearsal.skipped", reason="disk_full")
        yield None
        return
    folder.mkdir(mode=0o700)
    try:
        for name in (IDENTITY, ENVIRONMENT):
            if (state_dir / name).exists():
                shutil.copy2(state_dir / name, folder / name)
        yield folder if _copy_store(store, folder / STORE) else None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copy_store(store: Path, copy: Path) -> bool:
    """Return whether the copy is good. Raise SchemaTooNew."""
    fault, _ = find_fault(store)
    if not fault:
        try:
            with closing(connect_read_only(store)) as connection:
                connection.execute("VACUUM INTO ?", (str(copy),))
        except sqlite3.Error as error:
            fault = str(error)
    if fault:
        log.warning("rehearsal.skipped", reason=fault)
    return not fault


def _without_network(settings: Settings) -> Settings:
    """Return the settings for a kiosk on a free local port, which reaches no server and no broker."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    central = settings.central.model_copy(update={"url": _NOWHERE} if settings.central.url else {})
    kiosk = settings.kiosk.model_copy(update={"host": "127.0.0.1", "port": port, "allowed_hosts": ()})
    mqtt = settings.mqtt.model_copy(update={"host": ""})
    return settings.model_copy(update={"central": central, "kiosk": kiosk, "mqtt": mqtt})


async def _work_on(copy: Path, settings: Settings) -> None:
    """Migrate the copy, serve it, look at the pages and register a gift. Raise RehearsalFailed, or what ended the
    gateway.
    """
    store = copy / STORE
    before = _count_rows(store)
    async with open_database(store):
        pass
    if lost := [table for table, rows in before.items() if _count_rows(store).get(table, -1) < rows]:
        raise RehearsalFailed(f"the migration loses rows of {', '.join(lost)}")
    stop = asyncio.Event()
    async with asyncio.timeout(_LIMIT_S), asyncio.TaskGroup() as group:
        gateway = group.create_task(daemon.run(settings, state_dir=copy, radio="simulated", stop=stop))
        try:
            given = await asyncio.to_thread(_use_kiosk, f"http://127.0.0.1:{settings.kiosk.port}", gateway)
        finally:
            stop.set()
    fault, _ = find_fault(store)
    if fault:
        raise RehearsalFailed(f"the store is damaged afterwards: {fault}")
    if given and _count_rows(store)["intents"] < 1:
        raise RehearsalFailed("a registered gift is not in the store")


def _count_rows(store: Path) -> dict[str, int]:
    with closing(connect_read_only(store)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        counts = (connection.execute(f'SELECT count(*) FROM "{name}"').fetchone() for name in names)  # noqa: S608  # own
        return {name: count for name, (count,) in zip(names, counts, strict=True)}


def _use_kiosk(url: str, gateway: "asyncio.Task[bool]") -> bool:
    """Return whether a gift was registered; False when no project is open. Raise RehearsalFailed."""
    while (health := _get_health(url)) is None:
        if gateway.done():
            raise RehearsalFailed("the gateway ended at once")
        time.sleep(_POLL_S)
    if not health.get("ok") and health.get("store") not in _OF_THE_DEVICE:
        raise RehearsalFailed(f"/healthz is not ok: store {health.get('store')}")
    _expect(url, "/")
    for project in dict.fromkeys(re.findall(r'href="/project/([a-z0-9-]+)"', _expect(url, "/projects"))):
        _expect(url, f"/project/{project}")
        amounts = re.findall(r'name="amount_fen" value="(\d+)"', _request(f"{url}/project/{project}/amount")[1])
        if amounts and _give(url, project, int(amounts[0])):
            return True
    return False


def _give(url: str, project: str, fen: int) -> bool:
    body = json.dumps({"project": project, "amount_minor": fen, "currency": "CNY"}).encode()
    headers = {"Content-Type": "application/json", "Idempotency-Key": new_id()}
    status, text = _request(f"{url}/api/v1/intents", body, headers)
    if status in {HTTPStatus.CREATED, HTTPStatus.CONFLICT}:  # 409: the permit is not valid now
        return status == HTTPStatus.CREATED
    if status == HTTPStatus.SERVICE_UNAVAILABLE and any(each in text for each in _OF_THE_DEVICE):
        return False
    raise RehearsalFailed(f"a gift to {project} is answered {status}: {text[:200]}")


def _get_health(url: str) -> dict[str, Any] | None:
    """Return None while nothing answers."""
    try:
        status, text = _request(f"{url}/healthz")
    except OSError:
        return None
    if status not in {HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE}:
        raise RehearsalFailed(f"/healthz is answered {status}")
    found: dict[str, Any] = json.loads(text)
    return found


def _expect(url: str, path: str) -> str:
    status, text = _request(url + path)
    if status != HTTPStatus.OK:
        raise RehearsalFailed(f"{path} is answered {status}")
    return text


def _request(url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> tuple[int, str]:
    """Return status and text. Raise OSError when nothing answers."""
    request = urllib.request.Request(url, data=body, headers=headers or {})  # noqa: S310  # our own, http
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310  # our own, http
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(errors="replace")


def _list_reasons(error: Exception) -> list[str]:
    if isinstance(error, ExceptionGroup):
        return [reason for each in error.exceptions for reason in _list_reasons(each)]
    return [f"{type(error).__name__}: {error}"]


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8").strip()
    except OSError:
        return ""
