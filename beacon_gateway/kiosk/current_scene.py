"""Hold the scene that the screen shows, and notify its pages of every change."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from beacon_gateway.model.reasons import NothingNear, ScreenReason
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
    reason: ScreenReason


class CurrentScene:
    """The current scene. A page reads the complete scene after each change, so it cannot fall behind."""

    def __init__(self) -> None:
        self._changes = Broadcast()
        self.scene = Scene(0, None, Door.touch, None, NothingNear())

    def show(self, chosen: Chosen) -> None:
        """Show the choice; the same choice for another reason is the same scene."""
        scene = self.scene
        if (chosen.project, chosen.door, chosen.beacon) != (scene.project, scene.door, scene.beacon):
            self.scene = Scene(scene.number + 1, chosen.project, chosen.door, chosen.beacon, chosen.reason)
            self._changes.poke()

    def poke(self) -> None:
        """Notify the pages that something else changed: the outcome of a gift, the projects on offer."""
        self._changes.poke()

    def changes(self, interval_s: Callable[[], float | None] = lambda: None) -> AsyncIterator[None]:
        """Yield immediately, then after each change, and after `interval_s()` seconds without one; None: no limit."""
        return self._changes.changes(interval_s)
