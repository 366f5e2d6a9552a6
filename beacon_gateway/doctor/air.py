"""Checks of what is on the air: our own advert as a second receiver hears it, lost adverts, and crowding."""

from collections.abc import Iterator, Mapping
from typing import Any

from beacon_gateway.doctor.facts import Facts, Problem
from beacon_gateway.model.radio_status import AdvertStatus, DeliveredAdverts, LivenessStatus, RadioStatus
from beacon_gateway.radio.status_json import read_advert_status, read_radio_status

_ON_AIR = frozenset({"on_air", "simulated", "starting", "off"})
ACCESS_DENIED = "access_denied"
_OTHER_CHECKS = frozenset({"no_helper", ACCESS_DENIED})
"""States of which a check of their own tells the cause."""
CROWDED_PER_S = 500.0
"""Adverts that one adapter receives in a second.

An advert of 47 bytes takes 376 µs (Core 5.4, Vol 6, Part B, 2.1 and 2.3). Senders do not listen before they send, so
at this rate exp(-2 * 500 * 376e-6) = 69 % of the adverts meet no other one on their channel.
"""
_STRONG_DBM = -80.0
"""A beacon above this is near: distance does not explain lost adverts."""
_LOSSY_SHARE = 0.5


def advert(facts: Facts) -> Iterator[Problem]:
    status = read_advert(facts)
    if status.state not in _ON_AIR and status.state not in _OTHER_CHECKS:
        yield Problem(
            "advert",
            f"本机的信标没有在发射({status.state})",
            f"our own beacon is not on the air ({status.state})",
            "beacon-gateway sync status",
        )


def unproved(facts: Facts) -> Iterator[Problem]:
    """BlueZ says that the advert is on the air, and a second adapter that should receive it does not."""
    liveness = _liveness(facts)
    if missed := [each for each in (*liveness.lost, *liveness.never) if each in liveness.own]:
        labels = ", ".join(missed)
        yield Problem(
            "unproved",
            f"另一个适配器收不到本机的信标:{labels};可能天线坏了,或蓝牙芯片没有在发",
            f"a second adapter does not receive what this device sends: {labels}; the antenna may be damaged, or the"
            " controller does not send",
            "sudo systemctl restart bluetooth beacon-gateway",
        )


def one_receiver(facts: Facts) -> Iterator[Problem]:
    status, radio = read_advert(facts), read_radio(facts)
    sent_by = {each.adapter for each in status.identities}
    is_alone = bool(radio.adapters) and sent_by.issuperset(radio.adapters)
    if status.state == "on_air" and is_alone and not any(each.heard for each in status.identities):
        yield Problem(
            "one-radio",
            "只有一个蓝牙适配器,本机不能证明自己的信标真的发出来了:插第二个适配器,或用手机看",
            "there is one Bluetooth adapter, so this device cannot prove its own beacon on the air: plug in a second"
            " adapter, or look with a phone",
            "bluetoothctl list",
            is_note=True,
        )


def tags(facts: Facts) -> Iterator[Problem]:
    liveness = _liveness(facts)
    lost = [each for each in liveness.lost if each not in liveness.own]
    if lost:
        labels = ", ".join(lost)
        yield Problem(
            "tags",
            f"以前收到、现在收不到:{labels};检查天线,看信标还在不在、有没有电",
            f"received before and not now: {labels}; check the antenna, and the place and battery of the beacons",
            "beacon-gateway scan",
        )


def never_heard(facts: Facts) -> Iterator[Problem]:
    liveness = _liveness(facts)
    if never := [each for each in liveness.never if each not in liveness.own]:
        labels = ", ".join(never)
        yield Problem(
            "unheard",
            f"从来没有收到:{labels};核对 UUID、major、minor",
            f"never received: {labels}; compare uuid, major and minor",
            "beacon-gateway scan --foreign",
        )


def copies(facts: Facts) -> Iterator[Problem]:
    if foreign := ", ".join(_liveness(facts).foreign):
        yield Problem(
            "copies",
            f"别的发射器在用本机的信标号:{foreign}",
            f"another transmitter sends our own beacon: {foreign}",
            "beacon-gateway scan",
        )


def filtered(facts: Facts) -> Iterator[Problem]:
    if _is_filtered(facts):
        yield Problem(
            "filter",
            "蓝牙芯片滤掉了重复的广播,远近变化反应很慢",
            "the controller filters repeated adverts, so coming and going is noticed late",
            "sudo systemctl enable --now beacon-radio-helper.socket",
        )


def noise(facts: Facts) -> Iterator[Problem]:
    """All strong beacons lose most of their adverts: the receiver is disturbed, not far away."""
    reception = ((facts.health or {}).get("presence") or {}).get("reception") or {}
    shares = [float(each["share"]) for each in reception.values() if each["dbm"] >= _STRONG_DBM]
    if not _counts_every_advert(facts) or not shares or max(shares) >= _LOSSY_SHARE:
        return
    percent = round(100 * (1 - max(shares)))
    yield Problem(
        "noise",
        f"信标信号够强,广播却丢了 {percent}%:有干扰;适配器用延长线离开 USB 3 口和 Wi-Fi 天线",
        f"beacons are strong, and still {percent} % of their adverts are lost: something interferes; move the adapter"
        " away from USB 3 ports and Wi-Fi antennas, with an extension cable",
        "beacon-gateway scan",
    )


def crowding(facts: Facts) -> Iterator[Problem]:
    rates = [
        (_count(now) - _count(before)) / facts.sampled_s
        for name, now in _adapters(facts.health).items()
        if facts.sampled_s > 0 and (before := _adapters(facts.earlier).get(name))
    ]
    if (rate := max(rates, default=0.0)) >= CROWDED_PER_S:
        yield Problem(
            "crowded",
            f"空中很挤,每秒 {rate:.0f} 个蓝牙广播,会互相覆盖:关掉用不着的信标,间隔设长一些",
            f"the air is crowded: {rate:.0f} adverts a second collide; switch off beacons that are not needed, and use"
            " longer intervals",
            "beacon-gateway scan --foreign",
        )


def read_radio(facts: Facts) -> RadioStatus:
    return read_radio_status((facts.health or {}).get("radio") or {})


def read_advert(facts: Facts) -> AdvertStatus:
    return read_advert_status((facts.health or {}).get("advert") or {})


def _liveness(facts: Facts) -> LivenessStatus:
    return read_radio(facts).liveness or LivenessStatus()


def _is_filtered(facts: Facts) -> bool:
    adapters = read_radio(facts).adapters.values()
    return any(each.delivery and each.delivery.adverts is DeliveredAdverts.once_a_scan for each in adapters)


def _counts_every_advert(facts: Facts) -> bool:
    """Return whether a lost advert shows: a filtered or a passive scan reports only some."""
    return not _is_filtered(facts) and all(each.mode != "passive" for each in read_radio(facts).adapters.values())


def _adapters(health: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return ((health or {}).get("radio") or {}).get("adapters") or {}


def _count(adapter: Mapping[str, Any]) -> int:
    return int(adapter.get("frames", 0)) + int(adapter.get("foreign", 0))


CHECKS = (advert, unproved, one_receiver, tags, never_heard, copies, filtered, noise, crowding)
