import asyncio
from uuid import UUID

from beacon_gateway.kiosk.current_scene import CurrentScene
from beacon_gateway.model.reasons import NothingNear, PersonTag
from beacon_gateway.presence.choice import Chosen
from sync_contract.beacon_identity import BeaconId
from sync_contract.records import Door

WALL = BeaconId(UUID("fda50693-a4e2-4fb1-afcf-c6eb07647825"), 10, 1)
NOBODY = Chosen(None, None, Door.touch, NothingNear())
LUNCH = Chosen("elder-lunch", WALL, Door.touch, PersonTag())


def test_the_stage_begins_with_nobody_near() -> None:
    scene = CurrentScene().scene
    assert (scene.number, scene.project, scene.door) == (0, None, Door.touch)


def test_a_new_choice_is_a_new_scene_and_another_reason_for_the_same_is_not() -> None:
    current_scene = CurrentScene()
    current_scene.show(LUNCH)
    assert (current_scene.scene.number, current_scene.scene.project, current_scene.scene.beacon) == (
        1,
        "elder-lunch",
        WALL,
    )
    current_scene.show(Chosen("elder-lunch", WALL, Door.touch, NothingNear()))
    assert (current_scene.scene.number, current_scene.scene.reason) == (1, PersonTag())
    current_scene.show(Chosen("elder-lunch", None, Door.tag, PersonTag()))
    assert (current_scene.scene.number, current_scene.scene.door) == (2, Door.tag)


async def test_a_follower_is_notified_of_every_change_and_only_of_changes() -> None:
    current_scene = CurrentScene()
    seen: list[int] = []
    turns: asyncio.Queue[int] = asyncio.Queue()

    async def follow() -> None:
        async for _ in current_scene.changes():
            seen.append(current_scene.scene.number)
            turns.put_nowait(current_scene.scene.number)

    following = asyncio.create_task(follow())
    async with asyncio.timeout(60):
        assert await turns.get() == 0
        current_scene.show(LUNCH)
        assert await turns.get() == 1
        current_scene.show(LUNCH)
        current_scene.show(NOBODY)
        assert await turns.get() == 2
        current_scene.poke()
        assert await turns.get() == 2
        assert seen == [0, 1, 2, 2]
    following.cancel()
