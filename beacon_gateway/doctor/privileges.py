"""Checks of what the gateway's programs may do: enough for their work, and no more."""

from collections.abc import Iterator

from beacon_gateway.doctor.air import ACCESS_DENIED, read_advert, read_radio
from beacon_gateway.doctor.facts import Facts, Problem

_USER = "beacon-gateway"
_HELPER = "beacon-radio-helper"
_LIST_ADAPTERS = (
    *("busctl", "--system", "--auto-start=no", "--quiet", "call"),
    *("org.bluez", "/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects"),
)
_RULES = "/usr/share/polkit-1/rules.d/50-beacon-gateway.rules"


def account(facts: Facts) -> Iterator[Problem]:
    state = facts.machine.show_unit(_USER, ["LoadState", "User"])
    if state.get("LoadState") == "loaded" and state.get("User", _USER) != _USER:
        user = state["User"] or "root"
        yield Problem(
            "account",
            f"网关以用户 {user} 运行,权限太大;应当是 {_USER}",
            f"the gateway runs as user {user}, which may do too much; it must be {_USER}",
            f"sudo systemctl revert {_USER} && sudo systemctl restart {_USER}",
        )


def group(facts: Facts) -> Iterator[Problem]:
    groups = facts.machine.run("id", "-nG", _USER)
    if groups and "bluetooth" not in groups.split():
        yield Problem(
            "group",
            f"用户 {_USER} 不在 bluetooth 组里,有的系统不让它用蓝牙",
            f"user {_USER} is not in the group bluetooth, which some systems require for Bluetooth",
            f"sudo usermod -aG bluetooth {_USER} && sudo systemctl restart {_USER}",
        )


def bus_policy(facts: Facts) -> Iterator[Problem]:
    """The running gateway reports a denial; root can also compare the same call as root and as the gateway's user."""
    is_reported = ACCESS_DENIED in (read_radio(facts).state, read_advert(facts).state)
    if is_reported or _is_denied_to_user(facts):
        yield Problem(
            "bus-policy",
            f"D-Bus 的规则不让用户 {_USER} 用蓝牙服务:在列出的文件里允许它向 org.bluez 发送,再重启设备",
            f"the policy of D-Bus does not let user {_USER} use bluetoothd: allow it to send to org.bluez in the files"
            " that this lists, then restart the device",
            "grep -rl org.bluez /etc/dbus-1 /usr/share/dbus-1/system.d",
        )


def _is_denied_to_user(facts: Facts) -> bool:
    run = facts.machine.run
    if run("id", "-u") != "0" or run("id", "-u", _USER) is None or run(*_LIST_ADAPTERS) is None:
        return False
    return run("runuser", "-u", _USER, "--", *_LIST_ADAPTERS) is None


def polkit(facts: Facts) -> Iterator[Problem]:
    unit = facts.machine.show_unit(_USER, ["LoadState"])
    if unit.get("LoadState") != "loaded":
        return
    installed = facts.machine.show_unit("polkit", ["LoadState"]).get("LoadState") == "loaded"
    if not installed or not facts.machine.find(_RULES):
        yield Problem(
            "polkit",
            "没有 polkit 或它的规则:蓝牙停了,网关不能自己重启它",
            "polkit or its rule is missing: the gateway cannot restart a Bluetooth service that hangs",
            "sudo apt install polkitd" if not installed else "sudo apt install --reinstall beacon-gateway",
        )


def helper_capability(facts: Facts) -> Iterator[Problem]:
    state = facts.machine.show_unit(_HELPER, ["LoadState", "AmbientCapabilities"])
    if state.get("LoadState") == "loaded" and "cap_net_admin" not in state.get("AmbientCapabilities", "").split():
        yield Problem(
            "capability",
            "无线助手没有 CAP_NET_ADMIN 权限,不能发射,也不能复位适配器",
            "the radio helper lacks CAP_NET_ADMIN, so it can neither send nor reset an adapter",
            f"sudo systemctl revert {_HELPER} && sudo systemctl restart {_HELPER}",
        )


CHECKS = (account, group, bus_policy, polkit, helper_capability)
