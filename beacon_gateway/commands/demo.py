"""beacon-gateway demo: the whole product on one machine, as real programs that find one another."""

import asyncio
import json
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.cells import set_cell_size

from beacon_gateway.store.identity import open_identity
from daemonkit.files import write_atomically
from daemonkit.programs import Program, ProgramFailed, program
from sync_contract.keys import public_text

GATEWAY = [sys.executable, "-m", "beacon_gateway"]
CENTRAL = [sys.executable, "-m", "central_server"]


@dataclass(frozen=True)
class Plan:
    """What must be known before the three can start at the same time. Kept, so that addresses stay the same."""

    bank_port: int
    central_port: int
    kiosk_port: int
    password: str
    catalogue_key: str


@dataclass(frozen=True)
class House:
    """The three programs, ready."""

    bank: Program
    central: Program
    gateway: Program
    plan: Plan


@asynccontextmanager
async def open_house(state_dir: Path, config_dir: Path, *, radio: str) -> AsyncIterator[House]:
    """Start all three and wait until each is ready. Raises ProgramFailed with the tail of the failing one's log."""
    for name in ("bank", "central", "gateway", "logs"):
        (state_dir / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    plan = await asyncio.to_thread(make_plan, state_dir, config_dir)
    async with AsyncExitStack() as edges:
        starting = [
            edges.enter_async_context(opening)
            for opening in (
                bank_program(state_dir, plan),
                central_program(state_dir, config_dir, plan),
                gateway_program(state_dir, config_dir, plan, radio=radio),
            )
        ]
        bank, central, gateway = await asyncio.gather(*starting)
        yield House(bank, central, gateway, plan)


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
    command += ["--radio", radio, "--port", str(plan.kiosk_port), "--central-key", plan.catalogue_key]
    command += ["--central-url", f"http://127.0.0.1:{plan.central_port}"]
    return program("gateway", command, log=state_dir / "logs" / "gateway.log")


def make_plan(state_dir: Path, config_dir: Path) -> Plan:
    """The plan kept from the last time, with other ports where those are taken; the first start registers all."""
    file = state_dir / "demo.json"
    try:
        kept = Plan(**json.loads(file.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        kept = Plan(0, 0, 0, secrets.token_urlsafe(9), "")
    plan = Plan(
        _port(kept.bank_port),
        _port(kept.central_port),
        _port(kept.kiosk_port),
        kept.password,
        kept.catalogue_key or _register(state_dir, config_dir, kept.password),
    )
    write_atomically(file, json.dumps(asdict(plan)).encode())
    return plan


def _register(state_dir: Path, config_dir: Path, password: str) -> str:
    """Register the gateway's key and a staff account with the central server; the catalogue's key comes back."""
    own = open_identity(state_dir / "gateway" / "identity.json")
    place = _central_place(state_dir, config_dir)
    word = state_dir / "central" / "password"
    write_atomically(word, password.encode())
    _central("user", "add", "staff", "--password-file", str(word), *place)
    word.unlink()
    label = "演示网关 demo gateway"
    public = public_text(own.key.public_key())
    return _central("gateway", "add", own.gateway, public, "--community", "huada", "--label", label, *place).split()[-1]


def _central(*words: str) -> str:
    ended = subprocess.run([*CENTRAL, *words], capture_output=True, text=True)  # noqa: S603 - our own program
    if ended.returncode:
        raise ProgramFailed(f"beacon-central {' '.join(words[:2])} failed:\n{ended.stderr.strip()}")
    return ended.stdout.strip()


def _central_place(state_dir: Path, config_dir: Path) -> list[str]:
    return ["--config", str(config_dir / "central.toml"), "--state-dir", str(state_dir / "central")]


def _port(wish: int) -> int:
    """The port wished for if it is free, else another. It is bound again a moment later; a thief in between is loud."""
    for port in (wish, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ProgramFailed("no free port on 127.0.0.1")


def demo(state_dir: Path, config_dir: Path, radio: str) -> int:
    """The exit code: 0 after Ctrl-C, 1 when one of the three did not start or ended by itself."""
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
    async with open_house(state_dir, config_dir, radio=radio) as house:
        _welcome(house, state_dir, time.monotonic() - began)
        ends = {asyncio.create_task(p.exited()): p for p in (house.bank, house.central, house.gateway)}
        stopped = asyncio.create_task(stop.wait())
        done, _ = await asyncio.wait({*ends, stopped}, return_when=asyncio.FIRST_COMPLETED)
        for task in (*ends, stopped):
            task.cancel()
        gone = [ends[task] for task in done if task in ends]
        if gone:
            print(f"{gone[0].name} ended by itself; its log is in {state_dir / 'logs'}", file=sys.stderr)
            return 1
        print("\n正在停止 stopping …", flush=True)
    return 0


def _welcome(house: House, state_dir: Path, took: float) -> None:
    rows = [
        ("触摸屏 kiosk", f"{house.gateway.url}/"),
        ("工作人员 staff", f"{house.central.url}/staff/   用户 user: staff   密码 password: {house.plan.password}"),
        ("健康 health", f"{house.gateway.url}/healthz   {house.central.url}/healthz"),
        ("演练银行 sandbox bank", house.bank.url),
        ("记录 logs", str(state_dir / "logs")),
    ]
    print(f"\n就绪 ready ({took:.1f} s) — 演练,不涉及真实资金 a drill: no real money\n")
    for name, value in rows:
        print(f"  {set_cell_size(name, 26)}{value}")
    print("\n  志愿者卡(模拟)约每 40 秒走近一次 a simulated volunteer's card walks up about every 40 s")
    print("  Ctrl-C 停止 stops all three\n", flush=True)
