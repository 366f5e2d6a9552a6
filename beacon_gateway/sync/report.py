"""The gateway says how it is, once a minute and whenever what it hears changes."""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable, Mapping
from importlib.metadata import version

from beacon_gateway.sync.central_client import Central
from beacon_gateway.sync.ports import CentralRefusedUs, Welcome
from sync_contract.gateway_report import EVERY_S, RADIO_MISSES, GatewayReport, Hearing
from sync_contract.records import ClockReading

LOOK_S = 5.0
_SCREEN = "screen"
_VERSION = version("beacon-gateway")
_IMAGINED = frozenset(("simulated", "capture"))
_NO_RADIO = frozenset(("no_adapter", "no_answer", "off", "refused"))
_DEAF = frozenset(("deaf", "deaf_from_start"))
_MISSED = frozenset(RADIO_MISSES)
_WORD = re.compile(r"[a-z][a-z0-9_]{0,31}")


def hearing(name: str, scanner: Mapping[str, object]) -> Hearing:
    """What a scanner's name and its description of itself come to."""
    if name in _IMAGINED:
        return Hearing.simulated
    liveness = scanner.get("liveness")
    proof = liveness.get("proof") if isinstance(liveness, Mapping) else None
    if proof == "proved":
        return Hearing.proved
    if scanner.get("trouble") in _DEAF or scanner.get("state") in _NO_RADIO:
        return Hearing.deaf
    return Hearing.not_proved


def report(
    *,
    clock: ClockReading,
    epoch: str,
    uptime_s: float,
    hears: Hearing,
    scanner: Mapping[str, object],
    adverts: Mapping[str, object],
    parcels: Mapping[str, int],
    catalogue_version: int,
) -> GatewayReport:
    """`scanner`, `adverts`: their descriptions; `parcels`: counts by state."""
    return GatewayReport(
        clock=clock,
        every_s=EVERY_S,
        version=_VERSION,
        epoch=epoch,
        uptime_s=int(uptime_s),
        hearing=hears,
        radio=_radio(scanner),
        advert=_word(adverts.get("state")),
        waiting=parcels.get("waiting", 0),
        refused=parcels.get("refused", 0),
        damaged=parcels.get("damaged", 0),
        catalogue_version=catalogue_version,
    )


def _radio(scanner: Mapping[str, object]) -> str:
    """What is missed goes before the scanner's state, once a person is asked for: a silent tag is no deaf radio."""
    trouble = scanner.get("trouble")
    return _word(trouble if trouble in _MISSED and scanner.get("asks_a_person") else scanner.get("state"))


def _word(value: object) -> str:
    return value if isinstance(value, str) and _WORD.fullmatch(value) else "unknown"


async def keep_reporting(
    central: Central,
    tell: Callable[[], Awaitable[GatewayReport]],
    hears: Callable[[], Hearing],
    welcome: Welcome,
    *,
    roll: Callable[[int], Awaitable[None]],
    screens_taken: Callable[[], Awaitable[None]],
    progress: Callable[[], None],
    draw: Callable[[], float] = random.random,
    noticed: set[str] | None = None,
) -> None:
    """Runs until cancelled; raises CentralUnreachable, StoreUnavailable. `roll` is told the key's age in seconds;
    `screens_taken`: the server takes counts of the screen. `noticed`: words that staff should know, told once.
    """
    untold = set() if noticed is None else noticed
    while True:
        told = await tell()
        words = sorted(untold)
        try:
            taken = await central.report(told, ask=(_SCREEN,), noticed=words)
        except CentralRefusedUs as refused:
            if refused.word:
                await welcome.end(refused.word)
            raise
        untold.difference_update(words)
        await welcome.begin()
        await roll(taken.key_age_s)
        if _SCREEN in taken.takes:
            await screens_taken()
        # A tenth earlier or later, so that a fleet does not come all at once after an outage.
        rest_s = EVERY_S * (0.8 + 0.15 * draw())
        while rest_s > 0 and hears() is told.hearing:
            progress()
            await asyncio.sleep(min(LOOK_S, rest_s))
            rest_s -= LOOK_S
