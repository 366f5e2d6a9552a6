"""beacon-gateway demo: run sandbox bank, central server and gateway on one machine."""

import asyncio
import json
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from rich.cells import set_cell_size

from beacon_gateway.store.identity import FILE, enrolment_of, open_identity
from daemonkit.files import write_atomically
from daemonkit.programs import Program, ProgramFailed, program
from sync_contract.keys import public_text

GATEWAY = [sys.executable, "-m", "beacon_gateway"]
CENTRAL = [sys.executable, "-m", "central_server"] if find_spec("central_server") else ["beacon-central"]
"""The packages bring separate programs; a working tree has both."""
PACKAGED_SETTINGS = Path("/usr/share/beacon-gateway/demo")
FAMILY_ACCOUNTS = ("family", "family2")
"""Two people assess the case of a household; no administrator may see it."""
STEWARD_ACCOUNTS = ("steward", "steward2")
"""Two people decide whether two records of a volunteer become one; no administrator sees volunteers' names."""
_WHERE = ("--community", "huada", "--label", "演示网关 demo gateway")


@dataclass(frozen=True)
class Plan:
    """Ports and keys, needed before the three programs can start together. Stored, so that addresses stay the same.

    `catalogue_key`: only for a gateway added by hand; `invitation`: only for one that is not enrolled yet.
    """

    bank_port: int
    central_port: int
    kiosk_port: int
    password: str
    catalogue_key: str
    invitation: str = ""


@dataclass(frozen=True)
class Demo:
    """The three running programs."""

    bank: Program
    central: Program
    gateway: Program
    plan: Plan


@asynccontextmanager
async def open_demo(
    state_dir: Path, config_dir: Path, *, radio: str, by_hand: bool = False, history: bool = False
) -> AsyncIterator[Demo]:
    """Start all three programs and wait until each is ready. Raise ProgramFailed with the tail of the log.

    On its first start the gateway is enrolled with a code, or added `by_hand`, which needs no running server, and the
    central server gets a year of made-up `history`.
    """
    for name in ("bank", "central", "gateway", "logs"):
        (state_dir / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    plan = await asyncio.to_thread(make_plan, state_dir, config_dir, by_hand=by_hand, history=history)
    async with AsyncExitStack() as edges:
        served = asyncio.Event()

        async def start_central() -> Program:
            central = await edges.enter_async_context(central_program(state_dir, config_dir, plan))
            served.set()
            return central

        async def start_gateway() -> Program:
            if plan.invitation:
                await served.wait()
                place = ("--state-dir", str(state_dir / "gateway"))
                await asyncio.to_thread(_run, GATEWAY, "enrol", plan.invitation, *place)
            return await edges.enter_async_context(gateway_program(state_dir, config_dir, plan, radio=radio))

        bank, central, gateway = await asyncio.gather(
            edges.enter_async_context(bank_program(state_dir, plan)), start_central(), start_gateway()
        )
        yield Demo(bank, central, gateway, plan)


def bank_program(state_dir: Path, plan: Plan) -> AbstractAsyncContextManager[Program]:
    command = [*CENTRAL, "bank-emulator", "--state-dir", str(state_dir / "bank"), "--port", str(plan.bank_port)]
    return program("sandbox bank", command, log=state_dir / "logs" / "bank.log")


def central_program(state_dir: Path, config_dir: Path, plan: Plan) -> AbstractAsyncContextManager[Program]:
    command = [*CENTRAL, "run", *_central_place(state_dir, config_dir), "--port", str(plan.central_port)]
    command += ["--bank-url", f"http://127.0.0.1:{plan.bank_port}", "--bank-credentials", str(state_dir / "bank")]
    return program("central server", command, log=state_dir / "logs" / "central.log")


def gateway_program(
    state_dir: Path, config_dir: Path, plan: Plan, *, radio: str
) -> AbstractAsyncContextManager[Program]:
    command = [*GATEWAY, "run", "--config", str(config_dir / "gateway.toml"), "--state-dir", str(state_dir / "gateway")]
    command += ["--radio", radio, "--port", str(plan.kiosk_port)]
    command += ["--central-url", f"http://127.0.0.1:{plan.central_port}"]  # the port in the demo's TOML may be taken
    command += ["--central-key", plan.catalogue_key] if plan.catalogue_key else []
    return program("gateway", command, log=state_dir / "logs" / "gateway.log")


def make_plan(state_dir: Path, config_dir: Path, *, by_hand: bool = True, history: bool = False) -> Plan:
    """Return the stored plan, with other ports if those are taken; register everything on the first start."""
    file = state_dir / "demo.json"
    try:
        stored = Plan(**json.loads(file.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        stored = Plan(0, 0, 0, secrets.token_urlsafe(9), "")
    plan = replace(
        stored,
        bank_port=_find_port(stored.bank_port),
        central_port=_find_port(stored.central_port),
        kiosk_port=_find_port(stored.kiosk_port),
    )
    invitation = ""
    if not plan.catalogue_key and enrolment_of(state_dir / "gateway") is None:
        _add_account(state_dir, config_dir, "staff", "chief", plan.password)
        if by_hand:
            plan = replace(plan, catalogue_key=_register(state_dir, config_dir))
        else:
            invitation = _invite(state_dir, config_dir, plan)
        if history:
            for name in FAMILY_ACCOUNTS:
                _add_account(state_dir, config_dir, name, "family", plan.password)
            for name in STEWARD_ACCOUNTS:
                _add_account(state_dir, config_dir, name, "steward", plan.password)
            _run(CENTRAL, "demo-history", *_central_place(state_dir, config_dir))
    write_atomically(file, json.dumps(asdict(plan)).encode())
    return replace(plan, invitation=invitation)


def _add_account(state_dir: Path, config_dir: Path, name: str, role: str, password: str) -> None:
    file = state_dir / "central" / "password"
    write_atomically(file, password.encode())
    account = (name, "--role", role, "--password-file", str(file))
    _run(CENTRAL, "user", "add", *account, *_central_place(state_dir, config_dir))
    file.unlink()


def _register(state_dir: Path, config_dir: Path) -> str:
    """Add the gateway's key to the central server's store; return the catalogue's key."""
    own = open_identity(state_dir / "gateway" / FILE)
    public = public_text(own.key.public_key())
    place = _central_place(state_dir, config_dir)
    return _run(CENTRAL, "gateway", "add", own.gateway, public, *_WHERE, *place).split()[-1]


def _invite(state_dir: Path, config_dir: Path, plan: Plan) -> str:
    """Create an enrolment code; return the text of its QR code."""
    url = f"http://127.0.0.1:{plan.central_port}"
    return _run(CENTRAL, "gateway", "invite", "--url", url, "--text", *_WHERE, *_central_place(state_dir, config_dir))


def _run(program: list[str], *words: str) -> str:
    ended = subprocess.run([*program, *words], capture_output=True, text=True)  # noqa: S603 - our own program
    if ended.returncode:
        raise ProgramFailed(f"{program[-1]} {' '.join(words[:2])} failed:\n{ended.stderr.strip()}")
    return ended.stdout.strip()


def _central_place(state_dir: Path, config_dir: Path) -> list[str]:
    return ["--config", str(config_dir / "central.toml"), "--state-dir", str(state_dir / "central")]


def _find_port(preferred: int) -> int:
    """Return the preferred port if it is free, else another one."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ProgramFailed("no free port on 127.0.0.1")


def demo(state_dir: Path, config_dir: Path | None, radio: str) -> int:
    """Return the exit code: 0 after Ctrl-C, 1 if a program did not start or ended by itself."""
    if shutil.which(CENTRAL[0]) is None:
        print("演示还需要中心服务器的安装包 the demo also needs the package beacon-central", file=sys.stderr)
        return 1
    config_dir = config_dir or (own if (own := Path("config/demo")).is_dir() else PACKAGED_SETTINGS)
    try:
        return asyncio.run(_demo(state_dir.absolute(), config_dir, radio))
    except ProgramFailed as failed:
        print(f"beacon-gateway demo: {failed}", file=sys.stderr)
        return 1


async def _demo(state_dir: Path, config_dir: Path, radio: str) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    began = time.monotonic()
    print("正在启动演示 starting the demo …", flush=True)
    async with open_demo(state_dir, config_dir, radio=radio, history=True) as running, AsyncExitStack() as restarted:
        _print_welcome(running, state_dir, time.monotonic() - began)
        gateway = running.gateway
        while (ended := await _first_ended(stop, running.bank, running.central, gateway)) is not None:
            if ended is not gateway:
                print(f"{ended.name} ended by itself; its log is in {state_dir / 'logs'}", file=sys.stderr)
                return 1
            print("  网关停了,正在重新启动 the gateway ended and is started again …", flush=True)
            await restarted.aclose()
            again = gateway_program(state_dir, config_dir, running.plan, radio=radio)
            gateway = await restarted.enter_async_context(again)
            print(f"  网关恢复 the gateway is back: {gateway.url}/", flush=True)
        print("\n正在停止 stopping …", flush=True)
    return 0


async def _first_ended(stop: asyncio.Event, *programs: Program) -> Program | None:
    """Return the first of the programs that ends by itself, or None at `stop`."""
    ends = {asyncio.create_task(each.exited()): each for each in programs}
    stopped = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait({*ends, stopped}, return_when=asyncio.FIRST_COMPLETED)
    for task in (*ends, stopped):
        task.cancel()
    return None if stopped in done else next(ends[task] for task in done if task in ends)


def _print_welcome(running: Demo, state_dir: Path, start_s: float) -> None:
    rows = [
        ("触摸屏 kiosk", f"{running.gateway.url}/"),
        ("工作人员 staff", f"{running.central.url}/staff/   用户 user: staff   密码 password: {running.plan.password}"),
        ("困难家庭 families", f"用户 users: {', '.join(FAMILY_ACCOUNTS)}   同一密码 the same password"),
        ("志愿者 volunteers", f"用户 users: {', '.join(STEWARD_ACCOUNTS)}   同一密码 the same password"),
        ("健康 health", f"{running.gateway.url}/healthz   {running.central.url}/healthz"),
        ("演练银行 sandbox bank", running.bank.url),
        ("记录 logs", str(state_dir / "logs")),
    ]
    print(f"\n就绪 ready ({start_s:.1f} s) — 演练,不涉及真实资金 drill: no real money\n")
    for name, value in rows:
        print(f"  {set_cell_size(name, 26)}{value}")
    print("\n  志愿者卡(模拟)约每 46 秒走近一次 a simulated volunteer's card comes near every 46 s")
    print("  Ctrl-C 停止 stops all three\n", flush=True)
