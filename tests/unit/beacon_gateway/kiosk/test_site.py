"""Test `/site`: radio, screen and sync for staff on site."""

import asyncio
import json
import re
from dataclasses import replace

import pytest

from beacon_gateway.donations.ports import StoreUnavailable
from beacon_gateway.kiosk.client_origin import ClientOrigin
from beacon_gateway.model.radio_status import AdvertStatus, RadioStatus
from beacon_gateway.model.sync_state import SyncState
from tests.unit.beacon_gateway.kiosk.resident import Resident
from tests.unit.beacon_gateway.kiosk.site_desk import STATE, Asking, made, served
from tests.unit.beacon_gateway.kiosk.test_decision_trace import CARD, WALL


async def test_staff_see_radio_scene_and_reason(staff: Resident) -> None:
    page = " ".join(re.sub(r"<[^>]+>", " ", await staff.get("/site")).split())
    assert staff.status == 200
    for words in (
        "一张 volunteer 类的卡：就在跟前 （平滑值，滞后：0.4 米）",
        "正在收到信标 hci0, hci1",
        "有已知的信标证明它收得到。",
        f"corner 1 {WALL.id} 较远 5 秒前",
        "-80 dBm 长者爱心午餐",
        "volunteer (就在跟前) × 1",
        "其他设备的广播（不保存）：42",
        "连不上服务器，会自动重试",
        "等待发送 7 被拒收或已损坏 2",
        "捐款登记: 已送达",
        "CentralUnreachable · 已重启 3 次",
        "beacon-gateway 1.2.3",
    ):
        assert words in page, f"{words!r} not in {page}"
    assert str(CARD.id) not in page
    assert CARD.label not in page


async def test_the_decision_page_has_a_picture_and_the_readers_language(staff: Resident) -> None:
    page = await staff.get("/site/why")
    assert "<svg" in page
    assert "<style" not in page
    assert 'href="/site/trace.css"' in page
    assert "volunteer 类的卡" in page
    assert "来了" in page


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-Hans", "本机广播已有 12 分钟没有发出"),
        ("zh-Hant", "本機的廣播停了 12 分鐘"),
        ("en", "advert has been off the air for 12 min"),
    ],
)
async def test_an_advert_off_the_air_is_shown_with_a_remedy(language: str, words: str, asking: Asking) -> None:
    off = AdvertStatus("adapter_off", asks_a_person=True, off_air_s=725.0)
    async for staff in served(made(advert_status=lambda: off), asking):
        await staff.get("/")
        await staff.post("/display", language=language, back="/")
        assert words in await staff.get("/site")
    async for staff in served(made(advert_status=lambda: AdvertStatus("on_air")), asking):
        await staff.get("/")
        await staff.post("/display", language=language, back="/")
        assert words[-10:] not in await staff.get("/site")


async def test_the_page_shows_a_simulated_radio(asking: Asking) -> None:
    radio, advert = RadioStatus("simulated", walkers=2), AdvertStatus("simulated")
    async for staff in served(made(radio_status=lambda: radio, advert_status=lambda: advert), asking):
        page = await staff.get("/site")
        assert "蓝牙是模拟的，没有真的在接收" in page
        assert "模拟的，没有真的发出" in page


async def test_the_page_shows_that_the_disk_does_not_answer(asking: Asking) -> None:
    async def broken() -> SyncState:
        raise StoreUnavailable("the disk")

    async for staff in served(made(sync=broken), asking):
        assert "本机磁盘没有回应" in await staff.get("/site")
        assert staff.status == 200


@pytest.mark.parametrize(
    ("reachable", "state", "words"),
    [
        (None, "running", "还不知道"),
        (True, "running", "已连上"),
        (False, "running", "连不上服务器"),
        (True, "waiting", "连不上服务器"),
        (None, "waiting", "连不上服务器"),
    ],
)
async def test_connected_is_shown_only_after_a_delivery(
    asking: Asking, reachable: bool | None, state: str, words: str
) -> None:
    async def sync() -> SyncState:
        return replace(STATE, reachable=reachable, lines=())

    stage = {"state": state, "for_s": 4.2, "restarts": 3, "error": "CentralUnreachable"}
    async for staff in served(made(sync=sync, stage_health=lambda: {"report": stage}), asking):
        page = await staff.get("/site")
        assert [each for each in ("还不知道", "已连上", "连不上服务器") if each in page] == [words]


async def test_the_page_follows_what_happens_without_a_reload(staff: Resident) -> None:
    async with staff.http.get(staff.url + "/site/live") as stream:
        line = await stream.content.readuntil(b"\n\n")
    result = json.loads(re.search(rb"data: (.*)\n", line)[1])  # type: ignore[index]  # or the test ends here
    assert result["view"] == "site"
    assert "就在跟前" in result["html"]


async def test_a_stream_ends_with_the_guests_access(staff: Resident, asking: Asking) -> None:
    async with staff.http.get(staff.url + "/site/live") as stream:
        await stream.content.readuntil(b"\n\n")
        asking.where = ClientOrigin.external
        line = await asyncio.wait_for(stream.content.readuntil(b"\n\n"), 60)
    assert b'{"go": "/site"}' in line
