"""The scene now showing, and word of every change to the browsers."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from beacon_gateway.presence.choice import Chosen
from daemonkit.broadcast import Broadcast
from sync_contract.beacon_identity import BeaconId
from sync_contract.records import Door


@dataclass(frozen=True, slots=True)
class Scene:
    """What the first page shows. `number` rises with each change; `beacon` is never a person's tag."""

    number: int
    project: str | None
    door: Door
    beacon: BeaconId | None
    reason: str


class Stage:
    """Holds the scene. Pages that follow it read it whole after each change, so that none can fall behind."""

    def __init__(self) -> None:
        self._news = Broadcast()
        self.scene = Scene(0, None, Door.touch, None, "nothing is near")

    def show(self, chosen: Chosen) -> None:
        """Turn to what was chosen; the same choice for another reason is the same scene."""
        scene = self.scene
        if (chosen.project, chosen.door, chosen.beacon) != (scene.project, scene.door, scene.beacon):
            self.scene = Scene(scene.number + 1, chosen.project, chosen.door, chosen.beacon, chosen.reason)
            self._news.poke()

    def poke(self) -> None:
        """Something else that pages show has changed: the outcome of a gift, the projects on offer."""
        self._news.poke()

    def changes(self, every_s: float | None = None) -> AsyncIterator[None]:
        """Once at once, then after each change, without end; with `every_s` also after so long without one."""
        return self._news.changes(every_s)
