"""Apple's exact layout on the air, and adapters reset, by asking the radio helper: this process has no privilege."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

import structlog

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.radio.helper_words import (
    EXACT_HEAD,
    EXACT_OCTETS,
    LINE_LIMIT,
    SAYING,
    AdapterLine,
    Answer,
    Disturbed,
    ListAdapters,
    PutOnAir,
    Request,
    Reset,
    line,
)
from beacon_gateway.radio.port import HelpRefused, RadioLost

log = structlog.get_logger()

ANSWER_LIMIT_S = 20.0
"""The kernel takes up to 5 s for each of the steps of an answer."""
CHECK_S = 30.0
LOOK_AGAIN_S = 2.0
PAUSE_FIRST_S = 0.2
PAUSE_CAP_S = 30.0
_ADAPTER = re.compile(r"hci([0-9]{1,3})")


class Helped:
    """One connection to the helper; what it put on the air stays there as long as the connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._disturbed: list[Disturbed] = []

    async def ask(self, request: Request) -> Answer:
        """Raises HelpRefused, RadioLost when the helper is gone."""
        self._writer.write(line(request))
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                while isinstance(said := await self._next(), Disturbed):
                    self._disturbed.append(said)
        except TimeoutError as error:
            raise RadioLost("the radio helper gives no answer") from error
        if not said.ok:
            raise HelpRefused(said.why)
        return said

    async def disturbed(self, adapter: int, limit_s: float) -> str | None:
        """What happened to the adapter since `calm`; None when nothing does within `limit_s`. Raises RadioLost."""
        try:
            async with asyncio.timeout(limit_s):
                while True:
                    while self._disturbed:
                        if (known := self._disturbed.pop(0)).adapter == adapter:
                            return known.why
                    if isinstance(said := await self._next(), Disturbed):
                        self._disturbed.append(said)
        except TimeoutError:
            return None

    def calm(self) -> None:
        """What was told so far is known."""
        self._disturbed.clear()

    async def _next(self) -> Answer | Disturbed:
        try:
            said = await self._reader.readline()
        except OSError:
            said = b""
        if not said:
            raise RadioLost("the radio helper has ended, or serves another user")
        try:
            return SAYING.validate_json(said)
        except ValueError as error:
            raise RadioLost("the radio helper is of another version") from error


@asynccontextmanager
async def helped(path: Path) -> AsyncIterator[Helped]:
    """Raises RadioLost when no helper listens at `path`."""
    try:
        reader, writer = await asyncio.open_unix_connection(path, limit=LINE_LIMIT * 8)
    except OSError as error:
        raise RadioLost(f"no radio helper at {path}: {error.strerror or type(error).__name__}") from error
    try:
        yield Helped(reader, writer)
    finally:
        writer.close()


class KernelHelper:
    """RadioHelper by the kernel: an adapter is switched off and on whatever state bluetoothd is in."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def restart_bluetoothd(self) -> None:
        raise HelpRefused("the radio helper has no power over bluetoothd")

    async def reset(self, adapter: str) -> None:
        try:
            async with helped(self._path) as helper:
                await helper.ask(Reset(adapter=_index(adapter)))
        except (RadioLost, ValueError) as error:
            raise HelpRefused(str(error)) from error


class ExactAdvertiser:
    """`adapter`: e.g. hci0, None for the first that is on. 30 octets, flags first, not connectable.

    `interval_ms`: 20 to 10240; `power_dbm`: what is asked of the controller, None: its own choice.
    """

    def __init__(
        self, adapter: str | None, frame: IBeacon, *, helper: Path, interval_ms: int = 100, power_dbm: int | None = None
    ) -> None:
        self._data = EXACT_HEAD[:-2] + frame.encode()
        if len(self._data) != EXACT_OCTETS or not self._data.startswith(EXACT_HEAD):
            raise ValueError("the exact layout holds one iBeacon of 30 octets")
        self._wanted = None if adapter is None else _index(adapter)
        self._path = helper
        self._interval_ms = interval_ms
        self._power_dbm = power_dbm
        self._chosen_dbm: int | None = None
        self._adapter: AdapterLine | None = None
        self._state = "starting"
        self._refused: str | None = None
        self._on_air_s = 0.0
        self._on_air_since: float | None = None
        self._registrations = 0
        self._ends: Counter[str] = Counter()
        self._renew_why: str | None = None

    async def keep_on_air(self) -> None:
        """Until cancelled. Raises RadioLost when the helper is not there or has ended."""
        self._enter("no_helper")
        async with helped(self._path) as helper:
            pause_s = PAUSE_FIRST_S
            while True:
                adapter = self._adapter = await self._usable(helper)
                request = PutOnAir(
                    adapter=adapter.index,
                    data=self._data.hex(),
                    interval_ms=self._interval_ms,
                    power_dbm=self._power_dbm,
                )
                try:
                    self._chosen_dbm = (await helper.ask(request)).power_dbm
                except HelpRefused as error:
                    self._on_refusal(str(error))
                    pause_s = min(2 * pause_s, PAUSE_CAP_S)
                    await helper.disturbed(adapter.index, pause_s)  # a change of the adapter may be the remedy
                else:
                    pause_s = PAUSE_FIRST_S
                    await self._while_on_air(helper, adapter)
                await asyncio.sleep(PAUSE_FIRST_S)

    def seconds_on_air(self) -> float:
        """The kernel holds it, the adapter is on, and nothing has been said against it since."""
        return self._on_air_s + (0.0 if self._on_air_since is None else monotonic() - self._on_air_since)

    def due_since(self, adapter: str) -> float | None:
        """As BlueZAdvertiser's."""
        ours = self._adapter is not None and adapter == f"hci{self._adapter.index}"
        return None if ours else self._on_air_since

    def renew(self) -> None:
        """Have it put on the air anew: another adapter does not hear us, whatever the kernel's books say."""
        self._renew_why = "not heard by another adapter"

    def describe(self) -> dict[str, object]:
        """`state`: on_air, starting, refused (`refused` says what), off, no_adapter, no_helper."""
        number = self._adapter.index if self._adapter else self._wanted
        connectable = bool(self._adapter and self._adapter.connectable)
        return {
            "state": self._state,
            "adapter": None if number is None else f"hci{number}",
            "mode": "exact",
            "interval_ms": self._interval_ms,
            "octets": len(self._data),
            "seconds_on_air": round(self.seconds_on_air(), 1),
            "registrations": self._registrations,
            "ended_why": dict(self._ends),
            "refused": self._refused,
            "tx_power_dbm": self._power_dbm,
            "reported": {
                "supported_instances": self._adapter.instances if self._adapter else None,
                "tx_power_dbm": self._chosen_dbm,
                "adapter_is_connectable": connectable,  # then the kernel makes every advert on it connectable too
            },
        }

    async def _usable(self, helper: Helped) -> AdapterLine:
        """Waits until the wanted adapter is there and on."""
        while True:
            helper.calm()
            try:
                adapters = (await helper.ask(ListAdapters())).adapters
            except HelpRefused as error:
                self._on_refusal(str(error))
                await asyncio.sleep(LOOK_AGAIN_S)
                continue
            wanted = [adapter for adapter in adapters if self._wanted in (None, adapter.index)]
            if on := [adapter for adapter in wanted if adapter.powered]:
                return on[0]
            self._enter("off" if wanted else "no_adapter")
            await helper.disturbed(wanted[0].index if wanted else self._wanted or 0, LOOK_AGAIN_S)

    async def _while_on_air(self, helper: Helped, adapter: AdapterLine) -> None:
        """Returns when the advert may be off the air."""
        self._registrations += 1
        self._refused = None
        self._enter("on_air")
        self._on_air_since = checked = monotonic()
        self._renew_why = None
        if adapter.connectable:
            log.warning("advert.connectable", adapter=f"hci{adapter.index}", why="another program made the adapter so")
        try:
            while not (why := await helper.disturbed(adapter.index, LOOK_AGAIN_S) or self._renew_why):
                if monotonic() - checked < CHECK_S:
                    continue
                checked = monotonic()
                known = {now.index: now for now in (await helper.ask(ListAdapters())).adapters}
                if adapter.index not in known or not known[adapter.index].powered:
                    why = "adapter found off"
                    break
        except HelpRefused as error:
            why = str(error)
        finally:
            self._on_air_s = self.seconds_on_air()
            self._on_air_since = None
            self._enter("starting")
        self._ends[why] += 1
        log.info("advert.off_air", why=why, adapter=f"hci{adapter.index}")

    def _on_refusal(self, why: str) -> None:
        if why != self._refused:
            log.warning("advert.refused", why=why)
        self._refused = why
        self._enter("refused")

    def _enter(self, state: str) -> None:
        if state != self._state:
            log.debug("advert.state", state=state)
        self._state = state


def _index(adapter: str) -> int:
    """Raises ValueError."""
    match = _ADAPTER.fullmatch(adapter)
    if not match:
        raise ValueError(f"{adapter} is no adapter's name")
    return int(match[1])
