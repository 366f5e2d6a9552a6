"""Describe the status of radio and adverts in Chinese and English lines for the terminal. Pure."""

from collections.abc import Iterator

from beacon_gateway.model.radio_status import (
    AdapterStatus,
    AdvertStatus,
    IdentityStatus,
    RadioStatus,
    RecoveryStatus,
    RecoveryStep,
)
from beacon_gateway.radio.advertise.advert_wording import word_off_air
from beacon_gateway.radio.radio_wording import (
    Words,
    word_batteries,
    word_delivery,
    word_liveness,
    word_passive_given_up,
    word_recovery,
)

SIMULATED = "模拟的蓝牙,收不到真的信号 a simulated radio: nothing real is received"
STATES = {
    "hearing": "收得到信号 adverts are received",
    "listening": "在接收,还没有收到任何信号 listening; nothing received yet",
    "silent": "很久没有收到任何信号 nothing received for a long time",
    "starting": "正在启动 starting",
    "refused": "无法开始扫描 a scan cannot start",
    "off": "蓝牙被关掉了 Bluetooth is switched off",
    "no_adapter": "找不到蓝牙适配器 no Bluetooth adapter",
    "no_bluetoothd": "蓝牙服务没有运行 bluetoothd is not running",
    "access_denied": "系统不允许网关使用蓝牙服务 D-Bus does not let the gateway use bluetoothd",
    "no_answer": "蓝牙服务没有回应 bluetoothd gives no answer",
    "simulated": SIMULATED,
    "replaying": "正在播放录下的信号,不是真的接收 a recording is played; nothing is received",
    "finished": "录下的信号已播完,不是真的接收 the recording has ended; nothing is received",
}
ADVERTS = {
    "on_air": "已登记发送 registered as on the air",
    "off": "没有打开 not switched on",
    "starting": "正在启动 starting",
    "adapter_off": "蓝牙被关掉了 Bluetooth is switched off",
    "refused": "被蓝牙服务拒绝 refused by bluetoothd",
    "no_advertising": "这个适配器不能广播 this adapter cannot advertise",
    "no_adapter": "找不到蓝牙适配器 no Bluetooth adapter",
    "no_bluetoothd": "蓝牙服务没有运行 bluetoothd is not running",
    "access_denied": "系统不允许网关使用蓝牙服务 D-Bus does not let the gateway use bluetoothd",
    "no_answer": "蓝牙服务没有回应 bluetoothd gives no answer",
    "no_helper": "找不到辅助程序 its helper does not run",
    "simulated": "模拟的,没有真的发出 simulated: nothing is on the air",
}
MODES = {"active": "主动扫描 active scan", "passive": "被动扫描 passive scan"}
STEPS = {
    RecoveryStep.new_scanner: "重建扫描 new scan",
    RecoveryStep.power_cycle: "关掉再打开 power cycle",
    RecoveryStep.restart_bluetoothd: "重启蓝牙服务 bluetoothd",
    RecoveryStep.reset_adapter: "内核复位 kernel reset",
    RecoveryStep.reset_hardware: "复位硬件 hardware reset",
    RecoveryStep.ask_a_person: "请人来看 ask a person",
}


def radio_sentences(radio: RadioStatus, advert: AdvertStatus) -> Iterator[str]:
    """Yield one line for each fact. A state without wording is printed as it is."""
    yield from scanner_sentences(radio)
    yield f"本站广播 own advert: {ADVERTS.get(advert.state, advert.state)}"
    for identity in advert.identities:
        yield from (f"  {line}" for line in _air_sentence(identity))
        if words := word_off_air(identity):
            yield f"  {identity.beacon}:"
            yield from _indent(words)


def scanner_sentences(radio: RadioStatus) -> Iterator[str]:
    """Yield what is received and whether that is proved, then for each adapter its state, mode, fault and steps."""
    state = SIMULATED if radio.walkers is not None else STATES.get(radio.state, radio.state)
    yield f"无线接收 radio: {state}" + (f" ({', '.join(sorted(radio.adapters))})" if radio.adapters else "")
    if radio.liveness:
        yield from _indent(word_liveness(radio.liveness))
    for name, adapter in sorted(radio.adapters.items()):
        yield from _adapter_sentences(name, adapter, radio.state if len(radio.adapters) == 1 else "")
    if radio.batteries:
        yield from _indent(word_batteries(radio.batteries))


def _air_sentence(identity: IdentityStatus) -> Iterator[str]:
    """Yield whether another adapter proves that an advert is on the air, and at what rate it receives it."""
    if identity.state != "on_air":
        return
    if (heard := identity.heard) is None:
        yield f"{identity.beacon}: 未证实,没有别的适配器收到它 not proved: no other adapter receives it"
    else:
        yield (
            f"{identity.beacon}: 已证实 proved, {heard.adapter}: {heard.per_s:.1f}/s, "
            f"间隔 interval {heard.interval_ms} ms (设定 set {identity.interval_ms} ms)"
        )


def _adapter_sentences(name: str, adapter: AdapterStatus, printed_state: str) -> Iterator[str]:
    """Yield the lines of one adapter. `printed_state`: the state that is already on the first line."""
    facts = [STATES.get(adapter.state, adapter.state)] if adapter.state != printed_state else []
    if facts := facts + ([MODES.get(adapter.mode, adapter.mode)] if adapter.mode else []):
        yield f"  {name}: {'; '.join(facts)}"
    yield from _indent(word_passive_given_up(adapter.passive_given_up))
    if adapter.recovery:
        yield from _recovery_sentences(adapter.recovery)
    if adapter.delivery:
        yield from _indent(word_delivery(adapter.delivery))


def _recovery_sentences(recovery: RecoveryStatus) -> Iterator[str]:
    if recovery.fault is None:
        return
    yield from _indent(word_recovery(recovery))
    steps = ", ".join(f"{STEPS[step]} ×{count}" for step, count in recovery.taken.items()) or "–"
    yield f"  恢复阶梯 ladder: {steps}; 下一步 next in {recovery.next_step_in_s:.0f} s"


def _indent(words: Words | None) -> Iterator[str]:
    if words:
        yield f"  {words['zh']}"
        yield f"  {words['en']}"
