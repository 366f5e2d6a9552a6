"""The helper's narrow door and its socket to the kernel, without a radio; the real kernel is in the radio lab."""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from struct import unpack
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.radio.advertise import exact_advertiser as exact_module
from beacon_gateway.radio.advertise.exact_advertiser import ExactAdvertiser
from beacon_gateway.radio.hci import mgmt_socket as mgmt_module
from beacon_gateway.radio.hci.mgmt_socket import Change, MgmtRefused, MgmtUnavailable
from beacon_gateway.radio.helper import helper_server as helper_module
from beacon_gateway.radio.helper.helper_client import Helped, KernelHelper, helped
from beacon_gateway.radio.helper.helper_protocol import EXACT_HEAD, LINE_LIMIT, REQUEST, ListAdapters, PutOnAir, Reset
from beacon_gateway.radio.helper.helper_server import Helper
from beacon_gateway.radio.port import HelpRefused, RadioLost
from beacon_gateway.settings import Advertise, Radio
from tests.radio.inside import running, until
from tests.unit.beacon_gateway.radio.fake_kernel import FakeKernel

FRAME = IBeacon(UUID("5f9b2c1e-7d40-4c6a-9a3e-0c1d2e3f4a5b"), 4660, 22136, -59)
DATA = bytes.fromhex("02 01 06 1a ff 4c 00") + FRAME.encode()


def put(data: bytes = DATA, **changed: object) -> bytes:
    return json.dumps({"do": "advertise", "adapter": 0, "data": data.hex(), "interval_ms": 100, **changed}).encode()


@dataclass
class Served:
    path: Path
    kernel: FakeKernel
    serving: asyncio.Task[None]


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    path, kernel = tmp_path / "helper", FakeKernel()
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    serving = asyncio.create_task(Helper(os.getuid(), open_mgmt=kernel.open).serve(listening))
    await asyncio.sleep(0)
    yield Served(path, kernel, serving)
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    kernel.end()


def test_what_the_gateway_asks_for_is_understood() -> None:
    assert REQUEST.validate_json(put()) == PutOnAir(adapter=0, data=DATA.hex(), interval_ms=100)


@pytest.mark.parametrize(
    "asked",
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
def test_nothing_else_passes_the_door(asked: bytes) -> None:
    with pytest.raises(ValidationError):
        REQUEST.validate_json(asked)


@given(st.binary(min_size=28, max_size=32))
def test_only_an_ibeacon_in_apples_layout_goes_on_the_air(data: bytes) -> None:
    assert not data.startswith(EXACT_HEAD)
    with pytest.raises(ValidationError):
        PutOnAir(adapter=0, data=data.hex(), interval_ms=100)


async def test_the_kernel_is_told_the_octets_the_interval_and_no_flag_of_its_own(served: Served) -> None:
    async with helped(served.path) as helper:
        answer = await helper.ask(PutOnAir(adapter=0, data=DATA.hex(), interval_ms=152, power_dbm=4))
        assert answer.power_dbm == -4  # what the kernel said that the controller chose
        assert served.kernel.on_air == {3: DATA}
        instance, flags, _, _, least, most, power = unpack("<BIHHIIb", served.kernel.parameters)
        assert (instance, least * 0.625, most * 0.625, power) == (3, 151.875, 151.875, 4)
        assert flags == 1 << 14 | 1 << 15  # the interval and the power are given; nothing is added or connectable
    await until(lambda: not served.kernel.on_air)


async def test_a_client_that_says_another_thing_is_cut_off_and_off_the_air(served: Served) -> None:
    for said in (b'{"do": "shell"}\n', b"x" * (LINE_LIMIT + 1) + b"\n"):
        reader, writer = await asyncio.open_unix_connection(served.path)
        writer.write(put() + b"\n")
        assert json.loads(await reader.readline())["ok"]
        assert served.kernel.on_air
        writer.write(said)
        assert await reader.read() == b""
        await until(lambda: not served.kernel.on_air)
        writer.close()
    assert not served.serving.done()


async def test_another_user_is_turned_away_without_a_word(tmp_path: Path) -> None:
    kernel, listening = FakeKernel(), socket.socket(socket.AF_UNIX)
    listening.bind(str(tmp_path / "helper"))
    async with running(Helper(os.getuid() + 1, open_mgmt=kernel.open).serve(listening)):
        await asyncio.sleep(0)
        async with helped(tmp_path / "helper") as helper:
            with pytest.raises(RadioLost, match="serves another user"):
                await helper.ask(ListAdapters())
    assert kernel.asked == []
    kernel.end()


async def test_each_client_holds_one_advert_until_the_controller_is_full(served: Served) -> None:
    clients = [helped(served.path) for _ in range(4)]
    helpers: list[Helped] = [await client.__aenter__() for client in clients]
    request = PutOnAir(adapter=0, data=DATA.hex(), interval_ms=100)
    for helper in (*helpers[:3], helpers[0]):
        await helper.ask(request)
    assert set(served.kernel.on_air) == {1, 2, 3}
    with pytest.raises(HelpRefused, match="hci0 holds no more adverts"):
        await helpers[3].ask(request)
    await clients[1].__aexit__(None, None, None)
    await until(lambda: len(served.kernel.on_air) == 2)
    await helpers[3].ask(request)
    for client in (clients[0], *clients[2:]):
        await client.__aexit__(None, None, None)


async def test_what_others_do_to_our_advert_is_told_and_mended(served: Served) -> None:
    advertiser = ExactAdvertiser("hci0", FRAME, helper=served.path)
    async with running(advertiser.keep_on_air()):
        await until(lambda: advertiser.describe()["state"] == "on_air")
        served.kernel.on_air.clear()
        served.kernel.tell(0x0024, b"\x02")  # another's
        served.kernel.tell(0x0024, b"\x03")
        await until(lambda: served.kernel.on_air == {3: DATA})
        assert advertiser.describe()["ended_why"] == {"removed by another program": 1}
        served.kernel.powered = False
        served.kernel.tell(0x0006, bytes(4))
        await until(lambda: advertiser.describe()["state"] == "off")
        counted = advertiser.seconds_on_air()
        served.kernel.powered = True
        served.kernel.tell(0x0006, bytes([1, 0, 0, 0]))
        await until(lambda: advertiser.describe()["state"] == "on_air")
        assert counted == pytest.approx(advertiser.seconds_on_air(), abs=0.5)


async def test_a_refusal_is_said_in_words_and_tried_again(served: Served) -> None:
    served.kernel.refuses[0x0054] = 0x03
    advertiser = ExactAdvertiser(None, FRAME, helper=served.path)
    async with running(advertiser.keep_on_air()):
        await until(lambda: advertiser.describe()["state"] == "refused")
        assert advertiser.describe()["refused"] == "the advert's interval and power: the controller refused"
        served.kernel.refuses.clear()
        await until(lambda: advertiser.describe()["state"] == "on_air")
        assert advertiser.describe()["refused"] is None


async def test_a_connectable_adapter_is_reported(served: Served) -> None:
    served.kernel.connectable = True
    advertiser = ExactAdvertiser("hci0", FRAME, helper=served.path)
    async with running(advertiser.keep_on_air()):
        await until(lambda: advertiser.describe()["state"] == "on_air")
        reported = advertiser.describe()["reported"]
        assert reported == {"supported_instances": 3, "tx_power_dbm": -4, "adapter_is_connectable": True}


async def test_a_reset_is_off_and_on_and_the_advert_comes_back(served: Served) -> None:
    advertiser = ExactAdvertiser("hci0", FRAME, helper=served.path)
    async with running(advertiser.keep_on_air()):
        await until(lambda: advertiser.describe()["state"] == "on_air")
        await KernelHelper(served.path).reset("hci0")
        assert served.kernel.asked.count(0x0005) == 2
        await until(lambda: served.kernel.on_air == {3: DATA})
    with pytest.raises(HelpRefused, match="no such adapter"):
        await KernelHelper(served.path).reset("hci1")
    with pytest.raises(HelpRefused, match="no adapter's name"):
        await KernelHelper(served.path).reset("../hci0")


async def test_the_kernel_watches_for_ibeacons_as_long_as_somebody_scans_unfiltered(served: Served) -> None:
    helper = KernelHelper(served.path)
    async with helper.unfiltered("hci0"):
        assert served.kernel.monitors == {1: bytes.fromhex("01 ff 00 04 4c 00 02 15") + bytes(27)}
        async with helper.unfiltered("hci0"):
            assert set(served.kernel.monitors) == {1, 2}
        await until(lambda: set(served.kernel.monitors) == {1})
        served.kernel.monitors.clear()  # as a bluetoothd that starts does
    async with helper.unfiltered("hci0"):
        assert set(served.kernel.monitors) == {1}
    await until(lambda: not served.kernel.monitors)
    assert not served.serving.done()


async def test_what_ends_a_scan_is_passed_on_as_it_is(served: Served) -> None:
    with pytest.raises(RadioLost, match="the bus is gone"):
        async with KernelHelper(served.path).unfiltered("hci0"):
            raise RadioLost("the bus is gone")
    await until(lambda: not served.kernel.monitors)


async def test_no_monitor_is_left_when_the_helper_stops(served: Served) -> None:
    async with KernelHelper(served.path).unfiltered("hci0"):
        served.serving.cancel()
        await until(served.serving.done)
        assert served.kernel.monitors == {}


@pytest.mark.parametrize(("adapter", "why"), [("hci1", "no such adapter"), ("../hci0", "no adapter's name")])
async def test_a_scan_that_cannot_be_unfiltered_is_said(served: Served, adapter: str, why: str) -> None:
    with pytest.raises(HelpRefused, match=why):
        async with KernelHelper(served.path).unfiltered(adapter):
            pass
    served.kernel.refuses[0x0052] = 0x01
    with pytest.raises(HelpRefused, match="the kernel does not know the command"):
        async with KernelHelper(served.path).unfiltered("hci0"):
            pass


async def test_a_kernel_that_gives_no_answer_or_ends_is_no_hang(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mgmt_module, "ANSWER_LIMIT_S", 0.1)
    served.kernel.silent = True
    async with helped(served.path) as helper:
        with pytest.raises(HelpRefused, match="the kernel gave no answer"):
            await helper.ask(Reset(adapter=0))
    served.kernel.end()
    with pytest.raises(MgmtUnavailable, match="ended"):
        await asyncio.wait_for(served.serving, 60)


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=20))
def test_no_packet_of_the_kernels_is_an_exception(packets: list[bytes]) -> None:
    async def feed() -> None:
        kernel, changes = FakeKernel(), list[Change]()
        mgmt = kernel.open(changes.append)
        for packet in packets:
            kernel._ours.send(packet)
        kernel.tell(0x0005, adapter=7)
        await until(lambda: Change(7, "adapter removed") in changes, 2)
        mgmt.close()
        kernel.end()

    asyncio.run(feed())


async def test_an_adapter_that_is_not_there_is_named() -> None:
    kernel = FakeKernel()
    mgmt = kernel.open(lambda _: None)
    with pytest.raises(MgmtRefused, match="no such adapter"):
        await mgmt.facts(5)
    mgmt.close()
    kernel.end()


async def test_a_late_answer_is_not_taken_for_that_of_another_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mgmt_module, "ANSWER_LIMIT_S", 0.1)
    kernel = FakeKernel()
    mgmt = kernel.open(lambda _: None)
    kernel.silent = True
    with pytest.raises(MgmtUnavailable):
        await mgmt.set_powered(0, True)
    kernel.silent = False
    kernel.tell(0x0002, (0x0005).to_bytes(2, "little") + b"\x11")
    assert [adapter.index for adapter in await mgmt.adapters()] == [0]
    mgmt.close()
    kernel.end()


async def test_an_advert_that_another_adapter_does_not_hear_is_put_on_the_air_anew(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exact_module, "LOOK_AGAIN_S", 0.05)
    advertiser = ExactAdvertiser("hci0", FRAME, helper=served.path)
    async with running(advertiser.keep_on_air()):
        await until(lambda: advertiser.describe()["state"] == "on_air")
        advertiser.renew()
        await until(lambda: advertiser.describe()["registrations"] == 2, 5)
        assert advertiser.describe()["ended_why"] == {"not heard by another adapter": 1}
        assert advertiser.due_since("hci0") is None
        await until(lambda: advertiser.due_since("hci1") is not None)


def test_the_helper_serves_as_many_as_the_settings_allow_and_a_scan_beside_them() -> None:
    def most(model: type[BaseModel], key: str) -> int:
        return next(int(rule.max_length) for rule in model.model_fields[key].metadata if hasattr(rule, "max_length"))

    adapters, adverts = most(Radio, "scan_adapters"), 1 + most(Advertise, "more")
    assert 2 * adapters + adverts + 1 <= helper_module.CLIENTS


async def test_a_helper_that_is_full_says_so_and_serves_again_once_somebody_has_gone(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(helper_module, "CLIENTS", 2)
    async with AsyncExitStack() as others:
        first = await others.enter_async_context(helped(served.path))
        await first.ask(ListAdapters())
        async with helped(served.path) as second:
            await second.ask(ListAdapters())
            async with helped(served.path) as third:
                with pytest.raises(HelpRefused, match=r"已满 the radio helper serves"):
                    await third.ask(ListAdapters())
            await first.ask(ListAdapters())
        await until_served(served.path)


async def until_served(path: Path) -> None:
    async with asyncio.timeout(30):
        while True:
            with suppress(HelpRefused):
                async with helped(path) as another:
                    await another.ask(ListAdapters())
                    return
