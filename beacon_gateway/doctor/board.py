"""Checks of the board: card, memory, heat, power and clock."""

from collections.abc import Iterator

from beacon_gateway.doctor.facts import Facts, Problem

_MAX_USED_PERCENT = 90
_MIN_AVAILABLE_KB = 64 * 1024
_MAX_MILLIDEGREES = 80_000
"""The Pi's processor slows down from here on."""
_WORN = 9
"""Of life_time (JEDEC eMMC): 80 to 90 percent of the card's life are used."""


def read_only(facts: Facts) -> Iterator[Problem]:
    best: tuple[int, bool] = (-1, False)
    for line in facts.machine.read("/proc/mounts").splitlines():
        _device, mount, _kind, options, *_ = line.split()
        if facts.state_dir.is_relative_to(mount):
            best = max(best, (len(mount), "ro" in options.split(",")), key=lambda each: each[0])
    if best[1]:
        yield Problem(
            "read-only",
            f"{facts.state_dir} 所在的存储卡只能读:卡可能坏了,请备份并更换",
            f"the card with {facts.state_dir} is read-only: it may be damaged; replace it",
            "sudo dmesg --level=err,warn",
        )


def disk(facts: Facts) -> Iterator[Problem]:
    lines = (facts.machine.run("df", "--output=pcent", str(facts.state_dir)) or "").splitlines()
    used = lines[-1].strip().removesuffix("%") if lines else ""
    if used.isdigit() and int(used) >= _MAX_USED_PERCENT:
        yield Problem(
            "disk", f"存储卡已用 {used}%", f"{used} % of the card are used", "sudo journalctl --vacuum-size=100M"
        )


def card_wear(facts: Facts) -> Iterator[Problem]:
    for file in facts.machine.find("/sys/block/mmcblk*/device/life_time"):
        levels = [int(each, 16) for each in facts.machine.read(file).split() if each.startswith("0x")]
        if max(levels, default=0) >= _WORN:
            yield Problem(
                "card-wear",
                "存储快到寿命,请更换",
                "the storage is near the end of its life; replace it",
                f"cat {file}",
            )


def memory(facts: Facts) -> Iterator[Problem]:
    for line in facts.machine.read("/proc/meminfo").splitlines():
        if line.startswith("MemAvailable:") and (kilobytes := int(line.split()[1])) < _MIN_AVAILABLE_KB:
            megabytes = kilobytes // 1024
            yield Problem(
                "memory",
                f"内存只剩 {megabytes} MB",
                f"only {megabytes} MB of memory are available",
                "systemctl status --no-pager beacon-gateway beacon-kiosk",
            )


def heat(facts: Facts) -> Iterator[Problem]:
    readings = (facts.machine.read(file) for file in facts.machine.find("/sys/class/thermal/thermal_zone*/temp"))
    hottest = max((int(each) for each in readings if each.isdigit()), default=0)
    if hottest >= _MAX_MILLIDEGREES:
        yield Problem(
            "heat",
            f"处理器 {hottest // 1000} °C,太热:加散热片,避开日晒",
            f"the processor has {hottest // 1000} °C: add a heat sink, and keep it out of the sun",
            "cat /sys/class/thermal/thermal_zone0/temp",
        )


def voltage(facts: Facts) -> Iterator[Problem]:
    for file in facts.machine.find("/sys/class/hwmon/*/in0_lcrit_alarm"):
        if facts.machine.read(file) == "1":
            yield Problem(
                "voltage",
                "供电电压不足:换原装电源和短的粗线",
                "under-voltage: use the board's own power supply and a short, thick cable",
                "sudo dmesg -T | grep -i voltage",
            )


def clock(facts: Facts) -> Iterator[Problem]:
    if facts.machine.run("timedatectl", "show", "-p", "NTPSynchronized", "--value") == "no":
        yield Problem(
            "clock",
            "时钟没有同步,不能判断许可日期,捐款按钮不出现",
            "the clock is not synchronised: permits cannot be judged, so no donate button is shown",
            "sudo timedatectl set-ntp true",
        )


def rtc(facts: Facts) -> Iterator[Problem]:
    if not facts.machine.find("/sys/class/rtc/rtc*"):
        yield Problem(
            "rtc",
            "没有硬件时钟:断电又断网之后时间不对;Pi 5 装上电池,其他型号加时钟模块",
            "there is no hardware clock: after a power cut without network the time is wrong;"
            " fit a battery on a Pi 5, a clock module on other boards",
            "sudo hwclock --show",
        )


def autostart(facts: Facts) -> Iterator[Problem]:
    for unit in ("beacon-gateway", "beacon-kiosk"):
        state = facts.machine.show_unit(unit, ["LoadState", "UnitFileState"])
        if state.get("LoadState") == "loaded" and state.get("UnitFileState") not in {"enabled", "static"}:
            yield Problem(
                "autostart",
                f"{unit} 开机不会启动",
                f"{unit} does not start when the device is switched on",
                f"sudo systemctl enable {unit}",
            )


def watchdog(facts: Facts) -> Iterator[Problem]:
    state = facts.machine.show_unit("beacon-gateway", ["LoadState", "WatchdogUSec"])
    if state.get("LoadState") == "loaded" and state.get("WatchdogUSec") in {"0", "infinity"}:
        yield Problem(
            "watchdog",
            "beacon-gateway 的看门狗被关掉了,死机后不会自己重启",
            "the watchdog of beacon-gateway is off: systemd does not restart it when it hangs",
            "sudo systemctl revert beacon-gateway",
        )


def screen(facts: Facts) -> Iterator[Problem]:
    states = [facts.machine.read(file) for file in facts.machine.find("/sys/class/drm/card*-*/status")]
    if states and "connected" not in states:
        yield Problem(
            "screen", "没有接上屏幕", "no screen is connected: check its cable and power", "cat /sys/class/drm/*/status"
        )


CHECKS = (
    *(read_only, disk, card_wear, memory, heat, voltage, clock, rtc),
    *(autostart, watchdog, screen),
)
