"""The radio helper's protocol, server and kernel socket without a radio; the radio lab tests the real kernel."""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from struct import unpack
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.model.radio_status import AdvertRefusal, AppliedAdvert, RefusalReason
from beacon_gateway.radio.advertise.exact_advertiser import ExactAdvertiser
from beacon_gateway.radio.hci.mgmt_socket import Change, MgmtRefused, MgmtUnavailable
from beacon_gateway.radio.helper.helper_client import HelperConnection, KernelHelper, connect_helper
from beacon_gateway.radio.helper.helper_protocol import EXACT_HEAD, LINE_LIMIT, REQUEST, ListAdapters, PutOnAir, Reset
from beacon_gateway.radio.helper.helper_server import MAX_CLIENTS, HelperServer
from beacon_gateway.radio.ports import HelperRefused, RadioLost
from beacon_gateway.settings import Advertise, Radio
from tests.radio.waiting import running, until
from tests.unit.beacon_gateway.radio.fake_kernel import FakeKernel
from tests.unit.beacon_gateway.radio.fast_timings import FAST

FRAME = IBeacon(UUID("5f9b2c1e-7d40-4c6a-9a3e-0c1d2e3f4a5b"), 4660, 22136, -59)
DATA = bytes.fromhex("02 01 06 1a ff 4c 00") + FRAME.encode()


def put(data: bytes = DATA, **changed: object) -> bytes:
    return json.dumps({"do": "advertise", "adapter": 0, "data": data.hex(), "interval_ms": 100, **changed}).encode()


@dataclass
class RunningHelper:
    path: Path
    kernel: FakeKernel
    task: asyncio.Task[None]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RunningHelper]:
    path, kernel = tmp_path / "helper", FakeKernel()
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    open_mgmt = partial(kernel.open, answer_limit_s=0.5)
    task = asyncio.create_task(HelperServer(os.getuid(), open_mgmt=open_mgmt, max_clients=4).serve(listening))
    await asyncio.sleep(0)
    yield RunningHelper(path, kernel, task)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    kernel.end()


def advertiser_at(server: RunningHelper, adapter: str | None = "hci0") -> ExactAdvertiser:
    return ExactAdvertiser(adapter, FRAME, helper=server.path, timings=replace(FAST, adapter_poll_s=0.05))


def test_the_gateways_request_is_parsed() -> None:
    assert REQUEST.validate_json(put()) == PutOnAir(adapter=0, data=DATA.hex(), interval_ms=100)


@pytest.mark.parametrize(
    "request_line",
    [
        put(DATA + b"\0"),
        put(DATA[:-1]),
        put(b"\x02\x01\x1a" + DATA[3:]),
        put(bytes.fromhex("02 01 06 1a ff 06 00 01 09") + DATA[9:]),  # another company's
        put(DATA[3:]),
        put().replace(b"4c0002", b"4C0002"),
        put(interval_ms=19),
        put(interval_ms=10241),
        put(interval_ms=100.0),
        put(power_dbm=21),
        put(adapter=-1),
        put(adapter=True),
        put(scan_response="00"),
        b'{"do": "advertise"}',
        b'{"do": "shell"}',
        b'{"adapter": 0}',
        b"[]",
        b"{",
        b"\xff\xfe",
    ],
)
def test_every_other_request_is_refused(request_line: bytes) -> None:
    with pytest.raises(ValidationError):
        REQUEST.validate_json(request_line)


@given(st.binary(min_size=28, max_size=32))
def test_only_an_ibeacon_in_apples_layout_goes_on_the_air(data: bytes) -> None:
    assert not data.startswith(EXACT_HEAD)
    with pytest.raises(ValidationError):
        PutOnAir(adapter=0, data=data.hex(), interval_ms=100)


async def test_the_kernel_receives_exact_bytes_interval_and_power_and_no_other_flag(server: RunningHelper) -> None:
    async with connect_helper(server.path) as helper:
        answer = await helper.request(PutOnAir(adapter=0, data=DATA.hex(), interval_ms=152, power_dbm=4))
        assert answer.power_dbm == -4  # chosen by the controller
        assert server.kernel.on_air == {3: DATA}
        instance, flags, _, _, least, most, power = unpack("<BIHHIIb", server.kernel.parameters)
        assert (instance, least * 0.625, most * 0.625, power) == (3, 151.875, 151.875, 4)
        assert flags == 1 << 14 | 1 << 15  # interval and power are set; nothing is added or connectable
    await until(lambda: not server.kernel.on_air)


async def test_a_client_that_sends_another_request_is_disconnected_and_off_the_air(server: RunningHelper) -> None:
    for line in (b'{"do": "shell"}\n', b"x" * (LINE_LIMIT + 1) + b"\n"):
        reader, writer = await asyncio.open_unix_connection(server.path)
        writer.write(put() + b"\n")
        assert json.loads(await reader.readline())["ok"]
        assert server.kernel.on_air
        writer.write(line)
        assert await reader.read() == b""
        await until(lambda: not server.kernel.on_air)
        writer.close()
    assert not server.task.done()


async def test_another_user_is_disconnected_without_an_answer(tmp_path: Path) -> None:
    kernel, listening = FakeKernel(), socket.socket(socket.AF_UNIX)
    listening.bind(str(tmp_path / "helper"))
    async with running(HelperServer(os.getuid() + 1, open_mgmt=kernel.open).serve(listening)):
        await asyncio.sleep(0)
        async with connect_helper(tmp_path / "helper") as helper:
            with pytest.raises(RadioLost, match="serves another user"):
                await helper.request(ListAdapters())
    assert kernel.commands == []
    kernel.end()


async def test_each_client_has_one_advert_until_the_controller_is_full(server: RunningHelper) -> None:
    clients = [connect_helper(server.path) for _ in range(4)]
    helpers: list[HelperConnection] = [await client.__aenter__() for client in clients]
    request = PutOnAir(adapter=0, data=DATA.hex(), interval_ms=100)
    for helper in (*helpers[:3], helpers[0]):
        await helper.request(request)
    assert set(server.kernel.on_air) == {1, 2, 3}
    with pytest.raises(HelperRefused, match="hci0 holds no more adverts"):
        await helpers[3].request(request)
    await clients[1].__aexit__(None, None, None)
    await until(lambda: len(server.kernel.on_air) == 2)
    await helpers[3].request(request)
    for client in (clients[0], *clients[2:]):
        await client.__aexit__(None, None, None)


async def test_an_advert_that_others_remove_or_switch_off_comes_back(server: RunningHelper) -> None:
    advertiser = advertiser_at(server)
    async with running(advertiser.keep_on_air()):
        await until(lambda: advertiser.read_status().state == "on_air")
        server.kernel.on_air.clear()
        server.kernel.send_event(0x0024, b"\x02")  # another program's advert
        server.kernel.send_event(0x0024, b"\x03")
        await until(lambda: server.kernel.on_air == {3: DATA})
        assert advertiser.read_status().ended_why == {"removed by another program": 1}
        server.kernel.powered = False
        server.kernel.send_event(0x0006, bytes(4))
        await until(lambda: advertiser.read_status().state == "off")
        counted = advertiser.seconds_on_air()
        server.kernel.powered = True
        server.kernel.send_event(0x0006, bytes([1, 0, 0, 0]))
        await until(lambda: advertiser.read_status().state == "on_air")
        assert counted == pytest.approx(advertiser.seconds_on_air(), abs=0.5)


async def test_a_refused_advert_has_a_reason_and_is_retried(server: RunningHelper) -> None:
    server.kernel.refuses[0x0054] = 0x03
    advertiser = advertiser_at(server, None)
    async with running(advertiser.keep_on_air()):
        await until(lambda: advertiser.read_status().state == "refused")
        detail = "the advert's interval and power: the controller refused"
        assert advertiser.read_status().refusal == AdvertRefusal(RefusalReason.helper, detail=detail)
        server.kernel.refuses.clear()
        await until(lambda: advertiser.read_status().state == "on_air")
        assert advertiser.read_status().refusal is None


async def test_a_connectable_adapter_is_reported(server: RunningHelper) -> None:
    server.kernel.connectable = True
    advertiser = advertiser_at(server)
    async with running(advertiser.keep_on_air()):
        await until(lambda: advertiser.read_status().state == "on_air")
        expected = AppliedAdvert(supported_instances=3, tx_power_dbm=-4, adapter_is_connectable=True)
        assert advertiser.read_status().reported == expected


async def test_a_reset_switches_off_and_on_and_the_advert_comes_back(server: RunningHelper) -> None:
    advertiser = advertiser_at(server)
    async with running(advertiser.keep_on_air()):
        await until(lambda: advertiser.read_status().state == "on_air")
        await KernelHelper(server.path).reset("hci0")
        assert server.kernel.commands.count(0x0005) == 2
        await until(lambda: server.kernel.on_air == {3: DATA})
    with pytest.raises(HelperRefused, match="no such adapter"):
        await KernelHelper(server.path).reset("hci1")
    with pytest.raises(HelperRefused, match="no adapter's name"):
        await KernelHelper(server.path).reset("../hci0")


async def test_an_advert_that_another_adapter_does_not_receive_is_registered_again(server: RunningHelper) -> None:
    advertiser = advertiser_at(server)
    async with running(advertiser.keep_on_air()):
        await until(lambda: advertiser.read_status().state == "on_air")
        advertiser.renew()
        await until(lambda: advertiser.read_status().registrations == 2, 5)
        assert advertiser.read_status().ended_why == {"not heard by another adapter": 1}
        assert advertiser.due_since("hci0") is None
        await until(lambda: advertiser.due_since("hci1") is not None)


async def test_the_kernel_has_a_monitor_for_each_unfiltered_scan(server: RunningHelper) -> None:
    helper = KernelHelper(server.path)
    async with helper.report_duplicates("hci0"):
        assert server.kernel.monitors == {1: bytes.fromhex("01 ff 00 04 4c 00 02 15") + bytes(27)}
        async with helper.report_duplicates("hci0"):
            assert set(server.kernel.monitors) == {1, 2}
        await until(lambda: set(server.kernel.monitors) == {1})
        server.kernel.monitors.clear()  # as a bluetoothd that starts does
    with pytest.raises(RadioLost, match="the bus is gone"):
        async with helper.report_duplicates("hci0"):
            raise RadioLost("the bus is gone")
    await until(lambda: not server.kernel.monitors)
    assert not server.task.done()


async def test_no_monitor_remains_after_the_helper_stops(server: RunningHelper) -> None:
    async with KernelHelper(server.path).report_duplicates("hci0"):
        server.task.cancel()
        await until(server.task.done)
        assert server.kernel.monitors == {}


@pytest.mark.parametrize(
    ("adapter", "status", "why"),
    [
        ("hci1", 0, "no such adapter"),
        ("../hci0", 0, "no adapter's name"),
        ("hci0", 1, "the kernel does not know the command"),
    ],
)
async def test_a_filter_that_cannot_be_disabled_has_a_reason(
    server: RunningHelper, adapter: str, status: int, why: str
) -> None:
    if status:
        server.kernel.refuses[0x0052] = status
    with pytest.raises(HelperRefused, match=why):
        async with KernelHelper(server.path).report_duplicates(adapter):
            pass


async def test_a_kernel_that_does_not_reply_or_ends_does_not_block(server: RunningHelper) -> None:
    server.kernel.silent = True
    async with connect_helper(server.path) as helper:
        with pytest.raises(HelperRefused, match="the kernel gave no answer"):
            await helper.request(Reset(adapter=0))
    server.kernel.end()
    with pytest.raises(MgmtUnavailable, match="ended"):
        await asyncio.wait_for(server.task, 60)


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=20))
def test_no_packet_from_the_kernel_raises(packets: list[bytes]) -> None:
    async def feed() -> None:
        kernel, changes = FakeKernel(), list[Change]()
        mgmt = kernel.open(changes.append)
        for packet in packets:
            kernel._ours.send(packet)
        kernel.send_event(0x0005, adapter=7)
        await until(lambda: Change(7, "adapter removed") in changes, 2)
        mgmt.close()
        kernel.end()

    asyncio.run(feed())


async def test_a_missing_adapter_is_refused_and_a_late_reply_is_not_matched_to_another_command() -> None:
    kernel = FakeKernel()
    mgmt = kernel.open(lambda _: None, answer_limit_s=0.1)
    with pytest.raises(MgmtRefused, match="no such adapter"):
        await mgmt.read_adapter(5)
    kernel.silent = True
    with pytest.raises(MgmtUnavailable):
        await mgmt.set_powered(0, True)
    kernel.silent = False
    kernel.send_event(0x0002, (0x0005).to_bytes(2, "little") + b"\x11")
    assert [adapter.index for adapter in await mgmt.list_adapters()] == [0]
    mgmt.close()
    kernel.end()


def test_the_helper_serves_as_many_clients_as_the_settings_allow_and_a_second_scan() -> None:
    def limit(model: type[BaseModel], key: str) -> int:
        return next(int(rule.max_length) for rule in model.model_fields[key].metadata if hasattr(rule, "max_length"))

    adapters, adverts = limit(Radio, "scan_adapters"), 1 + limit(Advertise, "more")
    assert 2 * adapters + adverts + 1 <= MAX_CLIENTS


async def test_a_full_helper_refuses_with_a_reason_until_a_client_disconnects(server: RunningHelper) -> None:
    async with AsyncExitStack() as others:
        for _ in range(3):
            first = await others.enter_async_context(connect_helper(server.path))
            await first.request(ListAdapters())
        async with connect_helper(server.path) as fourth:
            await fourth.request(ListAdapters())
            async with connect_helper(server.path) as fifth:
                with pytest.raises(HelperRefused, match=r"已满 the radio helper serves"):
                    await fifth.request(ListAdapters())
            await first.request(ListAdapters())
        async with asyncio.timeout(120):
            while True:
                with suppress(HelperRefused):
                    async with connect_helper(server.path) as another:
                        await another.request(ListAdapters())
                        return
