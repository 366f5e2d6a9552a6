"""Publish the gateway's state to an MQTT broker, while the broker is there."""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from beacon_gateway.errors import GatewayError
from beacon_gateway.model.gateway_facts import DayTotal, GatewayFacts
from beacon_gateway.mqtt.home_assistant import OFFLINE, ONLINE, Device, describe_device, describe_state

if TYPE_CHECKING:
    from aiomqtt import Client

log = structlog.get_logger()
_TIMEOUT_S = 10.0
_FAREWELL_S = 2.0


class BrokerUnreachable(GatewayError):
    """The broker does not answer, refuses us, or left."""


@dataclass(frozen=True, slots=True)
class Broker:
    """`password_file`: contains only the password; "" for none. `prefix`: Home Assistant's discovery prefix."""

    host: str
    port: int
    tls: bool
    username: str
    password_file: str
    prefix: str
    every_s: float


Read = Callable[[], Awaitable[tuple[GatewayFacts, DayTotal | None]]]


async def publish_state(broker: Broker, device: Device, read: Read, progress: Callable[[], None]) -> None:
    """Publish until cancelled. Raises BrokerUnreachable. The broker announces our end if the connection breaks."""
    from aiomqtt import Client, MqttError, Will

    try:
        password = Path(broker.password_file).read_text("utf-8").strip() if broker.password_file else None
        client = Client(
            broker.host,
            broker.port,
            username=broker.username or None,
            password=password,
            identifier=f"beacon-gateway-{device.gateway}",
            will=Will(device.availability_topic, OFFLINE, qos=1, retain=True),
            tls_context=ssl.create_default_context() if broker.tls else None,
            timeout=_TIMEOUT_S,
            keepalive=30,
        )
        async with client:
            log.info("mqtt.connected", host=broker.host)
            await _publish_rounds(client, broker, device, read, progress)
    except (MqttError, OSError) as error:
        if (task := asyncio.current_task()) and task.cancelling():  # the farewell failed
            raise asyncio.CancelledError from error
        raise BrokerUnreachable(f"{broker.host}:{broker.port}: {error}") from error


async def _publish_rounds(
    client: "Client", broker: Broker, device: Device, read: Read, progress: Callable[[], None]
) -> None:
    facts, total = await read()
    discovery = json.dumps(describe_device(device, facts), ensure_ascii=False)
    await client.publish(device.discovery_topic(broker.prefix), discovery, qos=1, retain=True)
    await client.publish(device.availability_topic, ONLINE, qos=1, retain=True)
    try:
        while True:
            await client.publish(device.state_topic, json.dumps(describe_state(facts, total)), qos=1, retain=True)
            progress()
            await asyncio.sleep(broker.every_s)
            facts, total = await read()
    except asyncio.CancelledError:
        async with asyncio.timeout(_FAREWELL_S):  # the broker announces only the end of a broken connection
            await client.publish(device.availability_topic, OFFLINE, qos=0, retain=True)
        raise
