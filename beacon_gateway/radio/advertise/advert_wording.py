"""Say why our advert is not on the air and what to do, in Chinese and English, for staff who read no error names."""

from beacon_gateway.model.radio_status import AdvertRefusal, IdentityStatus, RefusalReason
from beacon_gateway.radio.radio_wording import Words

REPORT_AFTER_S = 5.0
"""An advert is registered again within a second after most disturbances: a shorter absence is not reported."""
_RESTART = ("重启蓝牙服务或整台设备", "restart the Bluetooth service or the whole device")
_WHY_AND_REMEDY: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "starting": (("正在启动", "it is starting"), _RESTART),
    "off": (
        ("蓝牙适配器被关掉了", "the Bluetooth adapter is switched off"),
        (
            "打开它(rfkill unblock bluetooth),或重启设备",
            "switch it on (rfkill unblock bluetooth), or restart the device",
        ),
    ),
    "no_adapter": (
        ("找不到蓝牙适配器", "there is no Bluetooth adapter"),
        ("拔插适配器,或给设备断电再上电", "replug the adapter, or power the device off and on"),
    ),
    "no_bluetoothd": (("蓝牙服务没有运行", "the Bluetooth service is not running"), _RESTART),
    "no_advertising": (
        ("这个适配器不能广播", "this adapter cannot advertise"),
        ("在 [advertise] adapter 里写别的适配器", "name another adapter in [advertise] adapter"),
    ),
    "access_denied": (
        ("系统(D-Bus)不允许网关使用蓝牙服务", "the policy of D-Bus does not let the gateway use bluetoothd"),
        (
            "执行 sudo beacon-gateway doctor,并改正 /etc/dbus-1/system.d 里的规则",
            "run sudo beacon-gateway doctor and mend the policy in /etc/dbus-1/system.d",
        ),
    ),
    "no_answer": (("蓝牙服务没有回应", "the Bluetooth service does not answer"), _RESTART),
    "no_helper": (
        ("蓝牙助手没有运行", "the radio helper does not run"),
        (
            "执行 systemctl enable --now beacon-radio-helper.socket",
            "run systemctl enable --now beacon-radio-helper.socket",
        ),
    ),
    "refused": (
        ("被拒绝", "it is refused"),
        (
            "拔插适配器或给设备断电再上电;还不行就少发几个身份([[advertise.more]]),或换一个适配器",
            "replug the adapter or power the device off and on; if that does not help, advertise fewer identities "
            "([[advertise.more]]) or use another adapter",
        ),
    ),
}
_OFF_AIR = (
    "本站广播没有发出,已有 {time}:{why}。请{remedy}。",
    "The own advert has not been on the air for {time}: {why}. Please {remedy}.",
)
_RETRIED = (
    "本站广播没有发出,已有 {time}:{why}。正在自动重试。",
    "The own advert has not been on the air for {time}: {why}. It is being tried again.",
)
"""Until it has lasted: most causes end by themselves, and a person would only disturb."""
_REFUSALS: dict[RefusalReason, tuple[str, str]] = {
    RefusalReason.no_answer: ("蓝牙服务没有回应", "{detail}"),
    RefusalReason.no_bluetoothd: ("蓝牙服务没有运行", "bluetoothd is not running"),
    RefusalReason.access_denied: (
        "系统(D-Bus)不允许网关使用蓝牙服务",
        "the policy of D-Bus does not let the gateway use bluetoothd ({detail})",
    ),
    RefusalReason.no_adapter: ("适配器 {adapter} 不见了", "adapter {adapter} is gone"),
    RefusalReason.no_free_set: (
        "适配器 {adapter} 放不下更多广播",
        "adapter {adapter} has no free advertisement set ({detail})",
    ),
    RefusalReason.controller: ("{adapter} 的芯片拒绝广播", "the controller of {adapter} refused the advertisement"),
    RefusalReason.adapter_off: ("适配器 {adapter} 被关掉了", "adapter {adapter} is off"),
    RefusalReason.bad_property: (
        "蓝牙服务不接受广播的某项设置({detail})",
        "BlueZ refused a property of the advertisement ({detail}); its log names it",
    ),
    RefusalReason.helper: ("蓝牙助手拒绝了({detail})", "{detail}"),
    RefusalReason.other: ("蓝牙服务拒绝了({detail})", "{detail}"),
}


def word_refusal(refusal: AdvertRefusal) -> Words:
    """Say what was refused."""
    zh, en = (text.format(adapter=refusal.adapter, detail=refusal.detail) for text in _REFUSALS[refusal.reason])
    return {"zh": zh, "en": en}


def word_off_air(status: IdentityStatus) -> Words | None:
    """Say for how long an advert is off the air and why; None while it is on the air or only just off.

    What a person can do is added once the advert needs one.
    """
    if not status.off_air_s or (status.off_air_s < REPORT_AFTER_S and status.refusal is None):
        return None
    is_denied = status.refusal is not None and status.refusal.reason is RefusalReason.access_denied
    cause = "access_denied" if is_denied else status.state
    why, remedies = _WHY_AND_REMEDY.get(cause, ((cause, cause), _RESTART))
    if status.refusal and status.state == "refused":
        words = word_refusal(status.refusal)
        why = words["zh"], words["en"]
    seconds, minutes = f"{status.off_air_s:.0f}", f"{status.off_air_s / 60:.0f}"
    long = status.off_air_s >= 120
    times = (f"{minutes} 分钟", f"{minutes} min") if long else (f"{seconds} 秒", f"{seconds} s")
    zh, en = (
        text.format(time=time, why=reason, remedy=remedy)
        for text, time, reason, remedy in zip(
            _OFF_AIR if status.asks_a_person else _RETRIED, times, why, remedies, strict=True
        )
    )
    return {"zh": zh, "en": en}
