"""The radio's state in plain words, Chinese and English, from what /healthz says of it. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

STATES = {
    "hearing": "收得到信号 adverts are heard",
    "listening": "在收听,还没有收到任何信号 listening; nothing heard yet",
    "silent": "很久没有收到任何信号 nothing heard for long",
    "starting": "正在启动 starting",
    "refused": "无法开始扫描 a scan cannot begin",
    "off": "蓝牙被关掉了 Bluetooth is switched off",
    "no_adapter": "找不到蓝牙适配器,或蓝牙服务没有运行 no Bluetooth adapter, or bluetoothd is not running",
    "no_answer": "蓝牙服务没有回应 bluetoothd gives no answer",
    "replaying": "正在播放录下的信号,不是真的接收 a recording is played; nothing is heard",
    "finished": "录下的信号已播完,不是真的接收 the recording has ended; nothing is heard",
}
ADVERTS = {
    "on_air": "正在发出 on the air",
    "off": "没有打开 not switched on",
    "starting": "正在启动 starting",
    "refused": "被蓝牙服务拒绝 refused by bluetoothd",
    "no_advertising": "这个适配器不能广播 this adapter cannot advertise",
    "no_adapter": "找不到蓝牙适配器 no Bluetooth adapter",
    "no_answer": "蓝牙服务没有回应 bluetoothd gives no answer",
    "no_helper": "找不到辅助程序 its helper does not run",
}
SIMULATED = "模拟的无线电,听不到真的信号 a simulated radio: nothing real is heard"


def radio_sentences(health: Mapping[str, Any]) -> Iterator[str]:
    """One line a fact; what a state means that is not known here is told as it is."""
    radio, advert = health.get("radio") or {}, health.get("advert") or {}
    state = str(radio.get("state", ""))
    words = SIMULATED if "walkers" in radio else STATES.get(state, state)
    adapters = radio.get("adapters") or {}
    heard_by = ", ".join(sorted(adapters)) or str(radio.get("adapter") or "")
    yield f"无线接收 radio: {words}" + (f" ({heard_by})" if adapters else "")
    yield from _both(radio.get("liveness"))
    for name, told in sorted(adapters.items()):
        if len(adapters) > 1 and told.get("state") != state:
            yield f"  {name}: {STATES.get(told.get('state'), told.get('state'))}"
        yield from _both(told.get("recovery"))
    state = str(advert.get("state", ""))
    yield f"本站广播 own advert: {ADVERTS.get(state, state)}"
    for identity in advert.get("identities", ()):
        if refused := identity.get("refused"):
            yield f"  {identity.get('beacon')}: {refused}"


def _both(told: object) -> Iterator[str]:
    words = told.get("words") if isinstance(told, Mapping) else None
    if isinstance(words, Mapping):
        yield f"  {words.get('zh', '')}"
        yield f"  {words.get('en', '')}"
