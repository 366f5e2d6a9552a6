"""The radio's state in plain words, Chinese and English, from what /healthz says of it. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

SIMULATED = "模拟的无线电,听不到真的信号 a simulated radio: nothing real is heard"
STATES = {
    "hearing": "收得到信号 adverts are heard",
    "listening": "在收听,还没有收到任何信号 listening; nothing heard yet",
    "silent": "很久没有收到任何信号 nothing heard for long",
    "starting": "正在启动 starting",
    "refused": "无法开始扫描 a scan cannot begin",
    "off": "蓝牙被关掉了 Bluetooth is switched off",
    "no_adapter": "找不到蓝牙适配器,或蓝牙服务没有运行 no Bluetooth adapter, or bluetoothd is not running",
    "no_answer": "蓝牙服务没有回应 bluetoothd gives no answer",
    "simulated": SIMULATED,
    "replaying": "正在播放录下的信号,不是真的接收 a recording is played; nothing is heard",
    "finished": "录下的信号已播完,不是真的接收 the recording has ended; nothing is heard",
}
ADVERTS = {
    "on_air": "正在发出 on the air",
    "off": "没有打开 not switched on",
    "starting": "正在启动 starting",
    "adapter_off": "蓝牙被关掉了 Bluetooth is switched off",
    "refused": "被蓝牙服务拒绝 refused by bluetoothd",
    "no_advertising": "这个适配器不能广播 this adapter cannot advertise",
    "no_adapter": "找不到蓝牙适配器 no Bluetooth adapter",
    "no_answer": "蓝牙服务没有回应 bluetoothd gives no answer",
    "no_helper": "找不到辅助程序 its helper does not run",
    "simulated": "模拟的,没有真的发出 simulated: nothing is on the air",
}
MODES = {"active": "主动扫描 active scan", "passive": "被动扫描 passive scan"}
STEPS = {
    "new_scanner": "重建扫描 new scan",
    "power_cycle": "关掉再打开 power cycle",
    "restart_bluetoothd": "重启蓝牙服务 bluetoothd",
    "reset_adapter": "内核复位 kernel reset",
    "reset_hardware": "复位硬件 hardware reset",
    "ask_a_person": "请人来看 ask a person",
}


def radio_sentences(health: Mapping[str, Any]) -> Iterator[str]:
    """One line a fact; what a state means that is not known here is told as it is."""
    advert = health.get("advert") or {}
    yield from scanner_sentences(health.get("radio") or {})
    state = str(advert.get("state", ""))
    yield f"本站广播 own advert: {ADVERTS.get(state, state)}"
    for identity in advert.get("identities", ()):
        if identity.get("words"):
            yield f"  {identity.get('beacon')}:"
            yield from _both(identity)


def scanner_sentences(radio: Mapping[str, Any]) -> Iterator[str]:
    """What is heard and whether that is proved; then each adapter: state, mode, fault, ladder, what it is not told."""
    state = str(radio.get("state", ""))
    words = SIMULATED if "walkers" in radio else STATES.get(state, state)
    adapters = radio.get("adapters") or {}
    yield f"无线接收 radio: {words}" + (f" ({', '.join(sorted(adapters))})" if adapters else "")
    yield from _both(radio.get("liveness"))
    for name, told in sorted(adapters.items()):
        yield from _adapter(name, told, state if len(adapters) == 1 else "")
    yield from _both(radio.get("batteries"))


def _adapter(name: str, told: Mapping[str, Any], said: str) -> Iterator[str]:
    """`said`: the state that was told already."""
    state, mode = str(told.get("state", "")), str(told.get("mode", ""))
    facts = [STATES.get(state, state)] if state != said else []
    if facts := facts + ([MODES.get(mode, mode)] if mode else []):
        yield f"  {name}: {'; '.join(facts)}"
    yield from _words(told.get("mode_words"))
    recovery = told.get("recovery")
    yield from _both(recovery)
    if isinstance(recovery, Mapping) and recovery.get("fault"):
        taken, wait_s = recovery.get("taken") or {}, recovery.get("next_step_in_s")
        steps = ", ".join(f"{STEPS.get(step, step)} ×{count}" for step, count in taken.items()) or "–"
        after = f"; 下一步 next in {wait_s:.0f} s" if isinstance(wait_s, int | float) else ""
        yield f"  恢复阶梯 ladder: {steps}{after}"
    yield from _both(told.get("delivery"))


def _both(told: object) -> Iterator[str]:
    yield from _words(told.get("words") if isinstance(told, Mapping) else None)


def _words(words: object) -> Iterator[str]:
    if isinstance(words, Mapping):
        yield f"  {words.get('zh', '')}"
        yield f"  {words.get('en', '')}"
