"""A gateway and a real Mosquitto: discovery, states and availability; the kiosk does not need the broker."""

import asyncio
import json
import shutil
import signal
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import jsonschema_rs

from beacon_gateway.model.gateway_facts import GatewayFacts
from beacon_gateway.model.hall_status import HallState
from beacon_gateway.model.radio_status import AdvertStatus, RadioStatus
from beacon_gateway.mqtt.home_assistant import Device
from beacon_gateway.mqtt.publisher import Broker, publish_state
from daemonkit.programs import Program
from tests.flow.programs import DEMO, IMPATIENT, gateway_program, prepare
from tests.flow.visitor import visitor
from tests.paths import ROOT
from tests.ports import own_port

SCHEMA = json.loads((ROOT / "tests" / "vectors" / "home_assistant_discovery.json").read_text("utf-8"))
FACTS = GatewayFacts(
    healthy=True,
    store_works=True,
    delivery_stuck=False,
    clock_trusted=True,
    parcels={},
    server_answer_age_s=None,
    catalogue_version=0,
    radio=RadioStatus(),
    advert=AdvertStatus(),
    hall=HallState.accepted,
    beacons=(),
    received=(),
)
PLACE = """
[[beacons]]
uuid = "7e3e8993-1098-40d2-922e-c99d59e588b7"
major = 1
minor = 2
kind = "place"
label = "大门 door"
"""


async def test_home_assistant_sees_the_gateway_and_the_kiosk_does_not_notice_that_the_broker_is_down(
    tmp_path: Path,
) -> None:
    plan = await prepare(tmp_path)
    port = own_port()
    secret = tmp_path / "mqtt-password"
    secret.write_text("a password\n", "utf-8")
    mqtt = f'[mqtt]\nhost = "127.0.0.1"\nport = {port}\nusername = "hall"\npassword_file = "{secret}"\nevery_s = 1\n'
    config = (DEMO / "gateway.toml").read_text("utf-8") + PLACE + mqtt
    (tmp_path / "gateway.toml").write_text(config, "utf-8")
    async with gateway_program(tmp_path, tmp_path, plan, timings=IMPATIENT) as gateway, asyncio.timeout(120):
        log = tmp_path / "logs" / "gateway.log"
        while "BrokerUnreachable" not in log.read_text("utf-8"):
            await asyncio.sleep(0.05)
        await kiosk_works(gateway)
        async with mosquitto(tmp_path, port), watching(port) as messages:
            discovery = json.loads(await messages("homeassistant/device/+/config"))
            jsonschema_rs.validate(SCHEMA, discovery)
            check_state(discovery, json.loads(await messages(discovery["state_topic"])))
            assert await messages(discovery["availability_topic"]) == "online"
        while log.read_text("utf-8").count("BrokerUnreachable") < 2:  # the broker ended
            await asyncio.sleep(0.05)
        await kiosk_works(gateway)
        async with mosquitto(tmp_path, port), watching(port) as messages:
            assert await messages(discovery["availability_topic"]) == "online"
            gateway.terminate()
            await messages(discovery["availability_topic"], "offline")
            assert await gateway.exited() == 0


async def test_a_broker_that_hangs_does_not_delay_the_end_of_the_gateway(tmp_path: Path) -> None:
    port, published = own_port(), asyncio.Event()
    (tmp_path / "secret").write_text("a password", "utf-8")
    broker = Broker("127.0.0.1", port, False, "hall", str(tmp_path / "secret"), "homeassistant", 1.0)
    device = Device("0011223344556677", "华大社区", False, "0.1.0")

    async def read() -> tuple[GatewayFacts, None]:
        return FACTS, None

    async with mosquitto(tmp_path, port) as process, watching(port), asyncio.timeout(120):
        publishing = asyncio.create_task(publish_state(broker, device, read, published.set))
        await published.wait()
        process.send_signal(signal.SIGSTOP)
        published.clear()
        try:
            publishing.cancel()
            await asyncio.wait([publishing], timeout=10)
            assert publishing.cancelled()
        finally:
            process.send_signal(signal.SIGCONT)


def check_state(discovery: dict[str, Any], state: dict[str, Any]) -> None:
    components = discovery["components"]
    assert components.keys() == state.keys()
    assert "volunteer" not in json.dumps(discovery), "people's tags do not appear"
    by_name = {components[key]["name"]: value for key, value in state.items()}
    assert by_name["大门 door"] in ("ON", "OFF")
    assert by_name["故障 Trouble"] == "OFF"
    assert by_name["接收蓝牙 Receives"] == by_name["发出信标 Transmits"] == "ON"
    assert (state["gifts_today"], state["yuan_today"]) == (0, "0.00")
    assert discovery["device"]["name"].endswith("(演练 drill)")


async def kiosk_works(gateway: Program) -> None:
    async with visitor(gateway.url) as kiosk:
        assert (await kiosk.open("/")).status == 200
        health = await kiosk.json("/healthz")
        assert health["ok"]
        assert health["stages"]["mqtt"]["restarts"] > 0
        assert "mqtt" not in health["degraded"]


@asynccontextmanager
async def mosquitto(folder: Path, port: int) -> AsyncIterator[Process]:
    """Run a broker with a password, and without stored messages."""
    program, passwords = shutil.which("mosquitto", path="/usr/sbin:/usr/bin"), shutil.which("mosquitto_passwd")
    assert program is not None, "mosquitto is needed: apt install mosquitto"
    assert passwords is not None
    file = folder / "passwords"
    file.unlink(missing_ok=True)
    making = await asyncio.create_subprocess_exec(passwords, "-b", "-c", str(file), "hall", "a password")
    assert await making.wait() == 0
    rules = f"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {file}\nuser root\n"
    (folder / "mosquitto.conf").write_text(rules, "utf-8")
    process = await asyncio.create_subprocess_exec(program, "-c", str(folder / "mosquitto.conf"))
    try:
        yield process
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def watching(port: int) -> AsyncIterator[Any]:
    """Yield a function that returns a topic's next message, or waits for the one that is given."""
    while True:
        client = aiomqtt.Client("127.0.0.1", port, username="hall", password="a password")
        try:
            await client.__aenter__()
            break
        except aiomqtt.MqttError:  # it is starting
            await asyncio.sleep(0.05)
    try:

        async def next_message(topic: str, wanted: str = "") -> str:
            await client.unsubscribe(topic)
            await client.subscribe(topic)
            async for message in client.messages:
                if message.topic.matches(topic) and isinstance(message.payload, bytes):
                    text = message.payload.decode()
                    if wanted in ("", text):
                        return text
            raise AssertionError("unreachable")

        yield next_message
    finally:
        await client.__aexit__(None, None, None)
