"""Why our advert is not on the air and what to do about it, in Chinese and English: staff read no error names."""

from beacon_gateway.radio.bluez import BlueZRefused, NoAnswer

Words = dict[str, str]

CONTROLLER_OR_POWER = "Failed to register advertisement"
"""BlueZ's one text for an adapter that is off and a controller that refuses."""
_NO_BLUETOOTHD = frozenset(
    {"org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner"},
)
_RESTART = ("重启蓝牙服务或整台设备", "restart the Bluetooth service or the whole device")
_WHY_AND_DEED: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
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
    "no_advertising": (
        ("这个适配器不能广播", "this adapter cannot advertise"),
        ("在 [advertise] adapter 里写别的适配器", "name another adapter in [advertise] adapter"),
    ),
    "no_answer": (("蓝牙服务没有回应", "the Bluetooth service does not answer"), _RESTART),
    "no_helper": (
        ("无线电助手没有运行", "the radio helper does not run"),
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
    "本站广播没有发出,已有 {time}:{why}。请{deed}。",
    "The own advert has not been on the air for {time}: {why}. Please {deed}.",
)


def refusal(error: BlueZRefused | NoAnswer, adapter: str, *, powered: bool) -> Words:
    """What BlueZ refused."""
    if isinstance(error, NoAnswer):
        return {"zh": "蓝牙服务没有回应", "en": str(error)}
    if error.name in _NO_BLUETOOTHD:
        return {"zh": "蓝牙服务没有运行", "en": "bluetoothd is not running"}
    if error.name == "org.freedesktop.DBus.Error.UnknownObject":
        return {"zh": f"适配器 {adapter} 不见了", "en": f"adapter {adapter} is gone"}
    if error.name == "org.bluez.Error.NotPermitted":
        return {
            "zh": f"适配器 {adapter} 放不下更多广播",
            "en": f"adapter {adapter} has no free advertisement set ({error.text})",
        }
    if CONTROLLER_OR_POWER in error.text:
        if powered:
            return {"zh": f"{adapter} 的芯片拒绝广播", "en": f"the controller of {adapter} refused the advertisement"}
        return {"zh": f"适配器 {adapter} 被关掉了", "en": f"adapter {adapter} is off"}
    if "parse" in error.text:
        return {
            "zh": f"蓝牙服务不接受广播的某项设置({error.text})",
            "en": f"BlueZ refused a property of the advertisement ({error.text}); its log names it",
        }
    return {"zh": f"蓝牙服务拒绝了({error})", "en": str(error)}


def off_air(state: str, seconds: float, refused: Words | None) -> Words:
    """`refused`: what, where that is known."""
    whys, deeds = _WHY_AND_DEED.get(state, ((state, state), _RESTART))
    why = refused if refused and state == "refused" else dict(zip(("zh", "en"), whys, strict=True))
    minutes = f"{seconds / 60:.0f}"
    times = (f"{minutes} 分钟", f"{minutes} min") if seconds >= 120 else (f"{seconds:.0f} 秒", f"{seconds:.0f} s")
    return {
        language: text.format(time=time, why=why[language], deed=deed)
        for language, text, time, deed in zip(("zh", "en"), _OFF_AIR, times, deeds, strict=True)
    }
