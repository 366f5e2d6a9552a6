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
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rich.cells import set_cell_size

from beacon_gateway.store.identity import FILE, enrolment_of, open_identity
from daemonkit.files import write_atomically
from daemonkit.programs import Program, ProgramFailed, program
from sync_contract.keys import public_text

GATEWAY = [sys.executable, "-m", "beacon_gateway"]
CENTRAL = [sys.executable, "-m", "central_server"]
_WHERE = ("--community", "huada", "--label", "演示网关 demo gateway")


@dataclass(frozen=True)
class Plan:
    """What must be known before the three can start at the same time. Kept, so that addresses stay the same.

    `catalogue_key`: only of a gateway that was registered by hand; `invitation`: for one that is still to be enrolled.
    """

    bank_port: int
    central_port: int
    kiosk_port: int
    password: str
    catalogue_key: str
    invitation: str = ""


@dataclass(frozen=True)
class House:
    """The three programs, ready."""

    bank: Program
    central: Program
    gateway: Program
    plan: Plan


@asynccontextmanager
async def open_house(state_dir: Path, config_dir: Path, *, radio: str, by_hand: bool = False) -> AsyncIterator[House]:
    """Start all three and wait until each is ready. Raises ProgramFailed with the tail of the failing one's log.

    On its first start the gateway is enrolled with a code, or `by_hand`, which needs no server yet.
    """
    for name in ("bank", "central", "gateway", "logs"):
        (state_dir / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    plan = await asyncio.to_thread(make_plan, state_dir, config_dir, by_hand=by_hand)
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
    command += ["--radio", radio, "--port", str(plan.kiosk_port)]
    command += ["--central-url", f"http://127.0.0.1:{plan.central_port}"]  # the demo's TOML names another port
    command += ["--central-key", plan.catalogue_key] if plan.catalogue_key else []
    return program("gateway", command, log=state_dir / "logs" / "gateway.log")


def make_plan(state_dir: Path, config_dir: Path, *, by_hand: bool = True) -> Plan:
    """The plan kept from the last time, with other ports where those are taken; the first start registers all."""
    file = state_dir / "demo.json"
    try:
        kept = Plan(**json.loads(file.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        kept = Plan(0, 0, 0, secrets.token_urlsafe(9), "")
    plan = replace(
        kept, bank_port=_port(kept.bank_port), central_port=_port(kept.central_port), kiosk_port=_port(kept.kiosk_port)
    )
    invitation = ""
    if not plan.catalogue_key and enrolment_of(state_dir / "gateway") is None:
        _add_staff(state_dir, config_dir, plan.password)
        if by_hand:
            plan = replace(plan, catalogue_key=_register(state_dir, config_dir))
        else:
            invitation = _invite(state_dir, config_dir, plan)
    write_atomically(file, json.dumps(asdict(plan)).encode())
    return replace(plan, invitation=invitation)


def _add_staff(state_dir: Path, config_dir: Path, password: str) -> None:
    word = state_dir / "central" / "password"
    write_atomically(word, password.encode())
    _run(CENTRAL, "user", "add", "staff", "--password-file", str(word), *_central_place(state_dir, config_dir))
    word.unlink()


def _register(state_dir: Path, config_dir: Path) -> str:
    """By hand, before the central server runs: the gateway's key goes there, and the catalogue's key comes back."""
    own = open_identity(state_dir / "gateway" / FILE)
    public = public_text(own.key.public_key())
    place = _central_place(state_dir, config_dir)
    return _run(CENTRAL, "gateway", "add", own.gateway, public, *_WHERE, *place).split()[-1]


def _invite(state_dir: Path, config_dir: Path, plan: Plan) -> str:
    """What the QR of an enrolment code holds."""
    url = f"http://127.0.0.1:{plan.central_port}"
    return _run(CENTRAL, "gateway", "invite", "--url", url, "--text", *_WHERE, *_central_place(state_dir, config_dir))


def _run(program: list[str], *words: str) -> str:
    ended = subprocess.run([*program, *words], capture_output=True, text=True)  # noqa: S603 - our own program
    if ended.returncode:
        raise ProgramFailed(f"{program[-1]} {' '.join(words[:2])} failed:\n{ended.stderr.strip()}")
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
