"""Ask the questions and take the measurements, in order. A skipped step stays blank."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from statistics import median
from time import monotonic
from uuid import UUID

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.model.beacons import Sighting
from beacon_gateway.model.radio_status import DeliveredAdverts
from beacon_gateway.radio.ports import RadioLost
from sync_contract.beacon_identity import BeaconId
from sync_contract.rssi import MIN_DBM
from tests.hardware.radios import Layout, Station
from tests.hardware.reception import listen, measure
from tests.hardware.result_table import Row

Ask = Callable[[str], Awaitable[str]]
Print = Callable[[str], None]
OWN = IBeacon(UUID("6f2d0c55-8f0b-4f2a-9d58-7c1d3a1e9b40"), 1, 1, -59)
"""What is advertised for the phone and the second adapter."""
SKIP = "(直接回车 = 跳过 Enter alone skips)"
ON_AIR_WITHIN_S = 20.0
_DELIVERY = {
    DeliveredAdverts.every_advert: "yes",
    DeliveredAdverts.once_a_scan: "no, one in 11 s",
    DeliveredAdverts.not_known: "",
}


@dataclass(slots=True)
class Interview:
    """`seconds`: of each measurement; `recovered_within_s`: limit of each recovery."""

    station: Station
    ask: Ask
    print: Print
    seconds: float = 30.0
    recovered_within_s: float = 60.0

    async def run(self, today: date) -> Row:
        """Return the row. Raise RadioLost if the radio is lost before anything was measured."""
        row = {"tested": today.isoformat(), **self.station.facts()}
        adapters = await self.station.adapters()
        if not adapters:
            self.print("没有找到蓝牙适配器。bluetoothd 在运行吗? No Bluetooth adapter. Does bluetoothd run?")
            return row
        for key, what in (("board", "主板 board"), ("system", "系统 system")):
            row[key] = await self.ask(f"{what} [{row.get(key, '')}]: ") or row.get(key, "")
        adapter = await self.ask(f"用哪个适配器 which adapter: {', '.join(adapters)} [{adapters[0]}]: ") or adapters[0]
        if adapter not in adapters:
            self.print(f"没有 {adapter} 这个适配器 there is no {adapter}")
            return row
        chip = await self.ask(f"{adapter} 是什么(内置、型号) what is it (built in, model) {SKIP}: ")
        row["adapter"] = f"{adapter}, {chip}" if chip else adapter
        tag = await self._find_tag(adapter)
        if tag is not None:
            row["tag"] = await self.ask(f"标签的牌子和型号 the tag's make and model {SKIP}: ") or "unnamed"
            row |= await self._unless_lost(self._measure(adapter, tag))
            row |= await self._unless_lost(self._recover(adapter, tag))
        other = next((name for name in adapters if name != adapter), None)
        row |= await self._unless_lost(self._advertise(adapter, "broadcast", "advert_phone", other))
        row |= await self._unless_lost(self._advertise(adapter, "exact", "exact_phone", None))
        row["note"] = await self.ask(f"备注 a note {SKIP}: ")
        return {key: value for key, value in row.items() if value}

    async def _find_tag(self, adapter: str) -> BeaconId | None:
        if not await self._yes("把标签贴近天线,准备好了吗 hold the tag at the antenna; ready?"):
            return None
        heard = await listen(self.station.scanner(adapter), min(10.0, self.seconds))
        if not heard:
            self.print("什么 iBeacon 也没有收到 no iBeacon was heard")
            return None
        levels: dict[BeaconId, list[int]] = {}
        for sighting in heard:
            levels.setdefault(sighting.beacon, []).append(MIN_DBM if sighting.rssi is None else sighting.rssi)
        loudest = max(levels, key=lambda beacon: (median(levels[beacon]), len(levels[beacon])))
        self.print(f"最响的 the loudest: {loudest} ({median(levels[loudest]):.0f} dBm, {len(levels)} heard in all)")
        return loudest if await self._yes("是它吗 is it this one?") else None

    async def _measure(self, adapter: str, tag: BeaconId) -> Row:
        row: dict[str, str] = {}
        answer = await self.ask(f"标签设定的广播间隔,毫秒 the interval the tag is set to, ms {SKIP}: ")
        interval_ms = int(answer) if answer.isdecimal() and int(answer) > 0 else None
        for metres in (1, 5):
            if not await self._yes(
                f"把标签放在 {metres} 米外,不要遮挡,好了吗 put the tag {metres} m away, in sight; ready?"
            ):
                continue
            measured = measure(await listen(self.station.scanner(adapter), self.seconds), tag, self.seconds)
            level = "not available" if measured.rssi is None else f"{measured.rssi} dBm"
            row[f"rssi_{metres}m"] = level if measured.frames else "not heard"
            if measured.frames and interval_ms:
                row[f"loss_{metres}m"] = f"{measured.loss(interval_ms) * 100:.0f} %"
            if metres == 1 and measured.gap_ms is not None:
                row |= {"interval": f"{measured.gap_ms} ms", "delivery": _DELIVERY[measured.delivered]}
            self.print(f"{measured.frames} 帧 frames in {self.seconds:g} s, {level}")
        return row

    async def _recover(self, adapter: str, tag: BeaconId) -> Row:
        row: dict[str, str] = {}
        commands = {
            "reset": f"sudo hciconfig {adapter} reset",
            "power": "bluetoothctl power off; sleep 5; bluetoothctl power on",
        }
        for key, command in commands.items():
            if await self._yes(f"接着试故障恢复({command}) next, recovery: {command}. 试吗 try it?"):
                row[key] = await self._time_to_recover(adapter, tag, command)
                self.print(f"恢复 back after: {row[key]}")
        return row

    async def _time_to_recover(self, adapter: str, tag: BeaconId, command: str) -> str:
        """Return the seconds since the person confirmed the end of the command."""
        heard: Counter[BeaconId] = Counter()

        def on_sighting(sighting: Sighting) -> None:
            heard[sighting.beacon] += 1

        hearing = asyncio.create_task(self.station.scanner(adapter).hear(on_sighting))
        try:
            if not await self._within(lambda: heard[tag] > 0, self.recovered_within_s):
                return "not heard before"
            await self.ask(
                f"在另一个终端运行 in another terminal run: {command}  一结束就按回车 press Enter when it ends: "
            )
            before, began = heard[tag], monotonic()
            again = await self._within(lambda: heard[tag] > before, self.recovered_within_s)
            return f"{monotonic() - began:.1f} s" if again else "no"
        finally:
            hearing.cancel()
            with suppress(asyncio.CancelledError):
                await hearing

    async def _advertise(self, adapter: str, layout: Layout, key: str, other: str | None) -> Row:
        """Advertise on `adapter`. `other`: the second adapter, if there is one."""
        advertiser = self.station.advertiser(adapter, OWN, layout)
        if advertiser is None:
            self.print("没有蓝牙助手,exact 格式不测 no radio helper here: the exact layout is not tested")
            return {}
        row: dict[str, str] = {}
        sending = asyncio.create_task(advertiser.keep_on_air())
        try:
            on_air = await self._within(lambda: sending.done() or advertiser.seconds_on_air() > 0, ON_AIR_WITHIN_S)
            if not on_air or sending.done():
                self.print(f"发不出去 it is not on the air: {advertiser.read_status()}")
                return {key: "not on the air"}
            if other is not None:
                seconds = min(5.0, self.seconds)
                measured = measure(await listen(self.station.scanner(other), seconds), OWN.beacon, seconds)
                row["advert_adapter"] = "heard" if measured.frames else "not heard"
                self.print(f"{other}: {row['advert_adapter']}")
            question = f"手机里的信标程序看到了吗 does a beacon app on the phone show it ({layout}): {OWN.beacon}"
            answer = (await self.ask(f"{question} [y/n] {SKIP}: ")).strip().lower()[:1]
            row[key] = {"y": "detected", "n": "not detected"}.get(answer, "")
            return row
        finally:
            sending.cancel()
            with suppress(asyncio.CancelledError):
                await sending

    async def _unless_lost(self, step: Awaitable[Row]) -> Row:
        """Return the result of a step, or nothing if the radio is lost."""
        try:
            return await step
        except RadioLost as error:
            self.print(f"这一步没有做完 this step was not finished: {error}")
            return {}

    async def _yes(self, question: str) -> bool:
        return (await self.ask(f"{question} [y, 回车跳过 Enter skips]: ")).strip().lower().startswith("y")

    @staticmethod
    async def _within(condition: Callable[[], bool], limit_s: float) -> bool:
        end = monotonic() + limit_s
        while not condition():
            if monotonic() >= end:
                return False
            await asyncio.sleep(0.02)
        return True
