"""Describe the radio's status in Chinese and English sentences for staff, who read no state names."""

from collections.abc import Sequence

from beacon_gateway.model.radio_status import (
    BatteryStatus,
    DeliveredAdverts,
    DeliveryStatus,
    LivenessStatus,
    Proof,
    RecoveryStatus,
    RecoveryStep,
)

Words = dict[str, str]
"""A sentence by language: zh and en."""

_PROVED = (
    "无线接收正常:刚刚收到 {labels}。",
    "The radio hears: {labels} was heard just now.",
)
_LOST = (
    "一直收得到的 {labels} 收不到了。这是蓝牙或那个信标的故障,不代表现场没有人。",
    "{labels}, heard until now, is not heard any more: a fault of a radio or of that beacon, not an empty hall.",
)
_NEVER = (
    "开始监听以来,一次也没有收到过 {labels}。要么它不在附近、没开、没电或编号写错了,要么是接收坏了:请检查这两样。",
    "{labels} has not been heard once since listening began. Either it is not there, off, empty or entered with other "
    "numbers, or the radio is deaf: please check both.",
)
_PENDING = (
    "以前收到过 {labels};现在还收不收得到,要等它的下一次广播或下一次自检才知道。",
    "{labels} was heard before; whether it still is will show with its next advert or the next self-test.",
)
_FOREIGN = (
    "有别的设备在用本站的编号发广播({labels}):本站此刻不可能收到它。它不会影响画面,请找出那个设备。",
    "Another device sends our identity ({labels}): it is heard where we cannot be. It moves no screen; please find it.",
)
_NOT_HEARD_YET = (
    "无法证明接收正常:已知的信标至今一次也没有收到。请检查它是否开着、离得是否够近。",
    "Hearing is not proved: no known beacon has been heard yet. Is it switched on, and near enough?",
)
_NOTHING_KNOWN = (
    "无法证明接收正常:没有已知的信标可供对照。收不到信号时,分不清是没有人还是接收坏了。"
    "请在墙上装一个信标并写上 proves_radio = true,或再加一个蓝牙适配器来收本站自己的广播。",
    "Hearing is not proved: there is no known transmitter to go by. A deaf radio and an empty hall then look the same. "
    "Put a beacon on the wall and give it proves_radio = true, or add a second adapter that hears our own advert.",
)
PASSIVE_GIVEN_UP: dict[str, Words] = {
    "hears_less": {
        "zh": "被动扫描收不到主动扫描收得到的信标,已改为主动扫描。",
        "en": "The passive scan did not hear beacons that an active scan hears: scanning actively now.",
    },
    "not_supported": {
        "zh": "蓝牙服务没有打开 Experimental,不能被动扫描,已改为主动扫描。",
        "en": "bluetoothd runs without Experimental and cannot scan passively: scanning actively now.",
    },
}
"""By AdapterStatus.passive_given_up."""
FAULTS: dict[str, tuple[str, str]] = {
    "deaf": ("{adapter} 什么也收不到,包括 {detail}", "{adapter} hears nothing, not even {detail}"),
    "advert_lost": (
        "{adapter} 收得到别的信号,但收不到{detail}:本站的广播大概没有真正发出去",
        "{adapter} hears others but not {detail} any more: most likely it is not really on the air",
    ),
    "never_heard": (
        "{adapter} 收得到别的信号,但开始监听以来从未收到 {detail}:它大概不在附近、没开、没电或编号写错了",
        "{adapter} hears others but has not heard {detail} once since it began to listen: it is not there, off, empty, "
        "too far or entered with other numbers, most likely",
    ),
    "advert_never_heard": (
        "{adapter} 收得到别的信号,但开始监听以来从未收到{detail}:本站的广播大概没有真正发出去,或两个适配器离得太远",
        "{adapter} hears others but has not heard {detail} once since it began to listen: most likely it is not really "
        "on the air, or the two adapters are too far apart",
    ),
    "deaf_from_start": (
        "{adapter} 开始监听以来什么也没收到,包括 {detail}:要么是接收坏了,要么它根本不在那里或没有发出",
        "{adapter} has heard nothing since it began to listen, not even {detail}: either the radio is deaf, or that is "
        "not there or not on the air",
    ),
    "nothing_ever": (
        "{adapter} 开始监听以来半个多小时什么也没收到:要么是接收坏了,要么附近真的没有任何蓝牙设备,"
        "拿一部开着蓝牙的手机靠近就知道",
        "{adapter} has heard nothing at all for more than half an hour since it began to listen: either the radio is "
        "deaf, or there is no Bluetooth device near; a phone with Bluetooth on, held beside it, will tell",
    ),
    "transmitter_lost": (
        "{adapter} 收得到别的信号,但收不到 {detail}:多半是它没电了或被移走了",
        "{adapter} hears others but not {detail}: its battery is flat or it was taken away, most likely",
    ),
    "silent": ("{adapter} 很久没有收到任何信号", "{adapter} has heard nothing for long"),
    "refused": ("{adapter} 无法开始扫描({detail})", "{adapter} cannot begin to scan ({detail})"),
    "off": (
        "{adapter} 被关掉了(别的程序或 rfkill)",
        "{adapter} is switched off (by another program or rfkill)",
    ),
    "no_adapter": ("找不到 {adapter}", "{adapter} is gone"),
    "no_bluetoothd": ("蓝牙服务没有运行", "bluetoothd is not running"),
    "access_denied": (
        "系统(D-Bus)不允许网关使用蓝牙服务",
        "the policy of D-Bus does not let the gateway use bluetoothd",
    ),
    "no_answer": ("蓝牙服务没有回应", "bluetoothd gives no answer"),
}
STEPS: dict[RecoveryStep, tuple[str, str]] = {
    RecoveryStep.new_scanner: ("已重建扫描", "the scan was rebuilt"),
    RecoveryStep.power_cycle: ("已把适配器关掉再打开", "the adapter was switched off and on"),
    RecoveryStep.restart_bluetoothd: ("已重启蓝牙服务", "bluetoothd was restarted"),
    RecoveryStep.reset_adapter: ("已通过内核复位适配器", "the kernel reset the adapter"),
    RecoveryStep.reset_hardware: (
        "已复位适配器硬件,相当于拔下再插上",
        "the hardware was reset, as if it were replugged",
    ),
    RecoveryStep.ask_a_person: (
        "请人来看:拔插适配器或给设备断电再上电,并检查信标的电池",
        "a person is needed: replug the adapter or power the device off and on, and check the beacon's battery",
    ),
}
_RESTART = ("请人来看:重启蓝牙服务或整台设备", "a person is needed: restart the Bluetooth service or the whole device")
_BEACON = (
    "请人来看:检查它的电池、位置和编号",
    "a person is needed: check its battery, its place and its numbers",
)
REMEDIES: dict[str, tuple[str, str]] = {
    "no_bluetoothd": _RESTART,
    "no_answer": _RESTART,
    "access_denied": (
        "请人来看:执行 sudo beacon-gateway doctor,并改正 /etc/dbus-1/system.d 里的规则",
        "a person is needed: run sudo beacon-gateway doctor and mend the policy in /etc/dbus-1/system.d",
    ),
    "off": (
        "请人来看:打开它(rfkill unblock bluetooth)",
        "a person is needed: switch it on (rfkill unblock bluetooth)",
    ),
    "no_adapter": (
        "请人来看:拔插适配器或给设备断电再上电",
        "a person is needed: replug the adapter or power the device off and on",
    ),
    "never_heard": _BEACON,
    "transmitter_lost": _BEACON,
}
"""What a person can do about a fault, where it is more exact than for the others."""
FILTERED: Words = {
    "zh": "每个信标约十一秒才收到一次:蓝牙芯片滤掉了重复的广播,远近变化会反应很慢。"
    "请在 /etc/bluetooth/main.conf 里写上 Experimental = true 并重启蓝牙服务,或启用服务 beacon-radio-helper。",
    "en": "Each beacon is heard only once in about eleven seconds: the controller filters repeated adverts, so coming "
    "and going is noticed late. Set Experimental = true in /etc/bluetooth/main.conf and restart bluetoothd, or enable "
    "the service beacon-radio-helper.",
}
_LOW = (
    "电池快用完了,请更换: {which}。",
    "Batteries are nearly empty, please change them: {which}.",
)
_FAULT = ("故障:{fault}。{step}。", "Fault: {fault}; {step}.")
_WATCHING = ("正在观察", "being watched")


def word_liveness(liveness: LivenessStatus) -> Words:
    """Say whether reception is proved, and what that means."""
    known = [(_PROVED, liveness.by), (_LOST, liveness.lost), (_NEVER, liveness.never)]
    if liveness.proof is Proof.not_proved and not liveness.never:
        if liveness.pending:
            known = [(_PENDING, liveness.pending)]
        else:
            return _join([_format(_NOT_HEARD_YET if liveness.expected else _NOTHING_KNOWN)], liveness)
    return _join([_format(pair, labels=", ".join(labels)) for pair, labels in known if labels], liveness)


def word_passive_given_up(reason: str | None) -> Words | None:
    """Say why the scan is active though a passive one was requested; None if it is not."""
    return PASSIVE_GIVEN_UP.get(reason) if reason else None


def word_delivery(delivery: DeliveryStatus) -> Words | None:
    """Say what to do about a controller that filters duplicates; None if it does not."""
    return FILTERED if delivery.adverts is DeliveredAdverts.once_a_scan else None


def word_batteries(batteries: BatteryStatus) -> Words | None:
    """Say which batteries are low: place beacons by label, people's tags by class only; None if none is."""
    places = [place.label for place in batteries.places if place.low]
    classes = sorted(name for name, counts in batteries.classes.items() if counts.low)
    if not places and not classes:
        return None
    zh = [*places, *(f"{name} 类中的卡" for name in classes)]
    en = [*places, *(f"a tag of class {name}" for name in classes)]
    return {"zh": _LOW[0].format(which=", ".join(zh)), "en": _LOW[1].format(which=", ".join(en))}


def word_recovery(recovery: RecoveryStatus) -> Words | None:
    """Say what is wrong with an adapter, and which step was taken last; None without a fault."""
    if recovery.fault is None:
        return None
    step = STEPS[recovery.step] if recovery.step else _WATCHING
    if recovery.step is RecoveryStep.ask_a_person:
        step = REMEDIES.get(recovery.fault, step)
    texts = FAULTS.get(recovery.fault, (recovery.fault, recovery.fault))
    zh, en = (text.format(adapter=recovery.adapter, detail=recovery.detail) for text in texts)
    return {"zh": _FAULT[0].format(fault=zh, step=step[0]), "en": _FAULT[1].format(fault=en, step=step[1])}


def _join(sentences: Sequence[Words], liveness: LivenessStatus) -> Words:
    """Add another transmitter that sends our identity."""
    foreign = [_format(_FOREIGN, labels=", ".join(liveness.foreign))] if liveness.foreign else []
    return {language: " ".join(words[language] for words in [*sentences, *foreign]) for language in ("zh", "en")}


def _format(pair: tuple[str, str], **facts: str) -> Words:
    return {"zh": pair[0].format(**facts), "en": pair[1].format(**facts)}
