"""Describe the gateway to Home Assistant: one discovery message for all its entities, and their states as JSON."""

import hashlib
from dataclasses import dataclass
from typing import Any

from beacon_gateway.model.beacons import Beacon
from beacon_gateway.model.gateway_facts import DayTotal, GatewayFacts

ONLINE, OFFLINE = "online", "offline"
_ANSWERED_WITHIN_S = 300.0


@dataclass(frozen=True, slots=True)
class Device:
    """`name`: of the site, for people. `version`: of this program."""

    gateway: str
    name: str
    drill: bool
    version: str

    @property
    def state_topic(self) -> str:
        return f"beacon-gateway/{self.gateway}/state"

    @property
    def availability_topic(self) -> str:
        return f"beacon-gateway/{self.gateway}/availability"

    def discovery_topic(self, prefix: str) -> str:
        return f"{prefix}/device/beacon-gateway-{self.gateway}/config"


def describe_device(device: Device, facts: GatewayFacts) -> dict[str, Any]:
    """Return the payload of the device's discovery topic."""
    entities = {
        "trouble": _binary("故障 Trouble", "problem", diagnostic=True),
        "receives": _binary("接收蓝牙 Receives", "connectivity", diagnostic=True),
        "transmits": _binary("发出信标 Transmits", "running", diagnostic=True),
        "server": _binary("中心服务器 Central server", "connectivity", diagnostic=True),
        "waiting": _sensor("等待发送的记录 Records waiting", state_class="measurement", entity_category="diagnostic"),
        "gifts_today": _sensor("今天确认的捐款笔数 Gifts confirmed today", state_class="total"),
        "yuan_today": _sensor(
            "今天确认的金额 Confirmed today",
            state_class="total",
            device_class="monetary",
            unit_of_measurement="CNY",
            suggested_display_precision=2,
        ),
        **{_key(beacon): _binary(beacon.label, "presence") for beacon in facts.places()},
    }
    components = {
        key: {
            **entity,
            "unique_id": f"beacon-gateway-{device.gateway}-{key}",
            "value_template": f"{{{{ value_json.{key} }}}}",
        }
        for key, entity in entities.items()
    }
    return {
        "device": {
            "identifiers": [f"beacon-gateway-{device.gateway}"],
            "name": f"{device.name}{' (演练 drill)' if device.drill else ''}",
            "manufacturer": "beacon-gateway",
            "model": "信标网关 Beacon gateway",
            "sw_version": device.version,
        },
        "origin": {"name": "beacon-gateway", "sw_version": device.version},
        "components": components,
        "state_topic": device.state_topic,
        "availability_topic": device.availability_topic,
        "payload_available": ONLINE,
        "payload_not_available": OFFLINE,
        "qos": 1,
    }


def describe_state(facts: GatewayFacts, total: DayTotal | None) -> dict[str, Any]:
    """Return the payload of the state topic; null where a value is not known."""
    answer_age = facts.server_answer_age_s
    return {
        "trouble": _on_off(not facts.healthy or facts.radio.asks_a_person or facts.advert.asks_a_person),
        "receives": _on_off(facts.radio.scans),
        "transmits": _on_off(bool(facts.advert.identities) and facts.advert.off_air_s == 0),
        "server": _on_off(answer_age is not None and answer_age < _ANSWERED_WITHIN_S),
        "waiting": facts.parcels.get("waiting"),
        "gifts_today": total.gifts if total else None,
        "yuan_today": f"{total.amount_minor // 100}.{total.amount_minor % 100:02}" if total else None,
        **{_key(beacon): _on_off(received) for beacon, received in facts.places().items()},
    }


def _key(beacon: Beacon) -> str:
    """Return a name that stays while the identity of the beacon stays."""
    return f"place_{hashlib.sha256(str(beacon.id).encode()).hexdigest()[:12]}"


def _binary(name: str, device_class: str, *, diagnostic: bool = False) -> dict[str, Any]:
    entity = {"platform": "binary_sensor", "name": name, "device_class": device_class}
    return entity | ({"entity_category": "diagnostic"} if diagnostic else {})


def _sensor(name: str, **options: object) -> dict[str, Any]:
    return {"platform": "sensor", "name": name, **options}


def _on_off(value: bool) -> str:
    return "ON" if value else "OFF"
