"""Fake projects and giving in memory, and a kiosk on them: `python -m tests.browser.fake_giving [port]`.

In that program `/pay` on standard input pays the last gift, `tag <project>` lets a volunteer's card walk up.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime

from beacon_gateway.donations.ports import (
    AmountOutOfRange,
    Gift,
    GiftState,
    KeyReused,
    PermitClosed,
    ProjectUnknown,
    RecalledGift,
    StoreUnavailable,
)
from beacon_gateway.kiosk.app import kiosk_app
from beacon_gateway.kiosk.bulletin_board import BulletinBoard
from beacon_gateway.kiosk.current_scene import CurrentScene
from beacon_gateway.kiosk.pages.bulletin import BulletinParts
from beacon_gateway.kiosk.pages.check_in import ShowCode
from beacon_gateway.kiosk.pages.live import LiveTimings
from beacon_gateway.kiosk.sessions import Sessions
from beacon_gateway.kiosk.staff_bell import StaffBell
from beacon_gateway.model.published import BoardFacts
from beacon_gateway.model.reasons import PersonTag
from beacon_gateway.presence.choice import Chosen
from beacon_gateway.presence.screen_use import ScreenUse
from daemonkit.web import WebRules, serving
from kiosk_ui.help_views import ContactPage
from kiosk_ui.render import Pages
from kiosk_ui.surface import Surface
from sync_contract.beacon_identity import BeaconId
from sync_contract.money import Money
from sync_contract.permit import PermitJudgement
from sync_contract.project import Project
from sync_contract.records import Door, HandoffKind, IntentState
from sync_contract.strict_model import Environment
from sync_contract.uuid7 import new_id
from tests.browser.projects import PROJECTS, SITE, phrased

CONTACT = ContactPage("0595-0000 0000")


class FakeProjects:
    version = 0

    def __init__(self, projects: Iterable[Project] = PROJECTS) -> None:
        self.offered = {project.id: phrased(project) for project in projects}
        self.at: datetime | None = datetime(2026, 11, 24, tzinfo=UTC)

    def all(self) -> tuple[Project, ...]:
        return tuple(self.offered.values())

    def get(self, project: str) -> Project | None:
        return self.offered.get(project)

    def judge(self, project: Project) -> PermitJudgement:
        return project.judge(self.at)


@dataclass(frozen=True)
class Recorded:
    gift: Gift
    door: Door
    beacon: BeaconId | None
    key: str


class FakeGiving:
    """`broken = True`: the disk is full. `recorded`: every intent, in order."""

    def __init__(self, projects: FakeProjects, kind: HandoffKind = HandoffKind.ticket) -> None:
        self._projects = projects
        self._kind = kind
        self._states: dict[str, GiftState] = {}
        self.recorded: list[Recorded] = []
        self.broken = False
        self.notify: Callable[[], None] = lambda: None

    async def begin(self, project: str, amount: Money, *, door: Door, beacon: BeaconId | None, key: str) -> Gift:
        if self.broken:
            raise StoreUnavailable("the disk is full")
        wanted = self._projects.get(project)
        if wanted is None:
            raise ProjectUnknown(project)
        for each in self.recorded:
            if each.key == key:
                if (each.gift.project.id, each.gift.amount) != (project, amount):
                    raise KeyReused(key)
                return each.gift
        judgement = self._projects.judge(wanted)
        if not judgement.open:
            raise PermitClosed(wanted, judgement.reason)
        if not wanted.accepts(amount):
            raise AmountOutOfRange(wanted, amount.minor)
        intent = new_id()
        gift = Gift(intent, wanted, amount, self._kind, f"http://127.0.0.1:9/T/{intent.upper() * 7}")
        self.recorded.append(Recorded(gift, door, beacon, key))
        return gift

    def state(self, intent: str) -> GiftState:
        return self._states.get(intent, GiftState(IntentState.registered))

    async def recall(self, intent: str) -> RecalledGift | None:
        found = next((each.gift for each in self.recorded if each.gift.intent == intent), None)
        return RecalledGift(found, 0.0) if found and not self.broken else None

    def becomes(self, intent: str, state: IntentState, slip: str = "", *, code: str = "", ended: bool = False) -> None:
        """What the central server would report."""
        self._states[intent] = GiftState(state, slip, code, ended)
        self.notify()


class FakeKiosk:
    """The real kiosk application on a real socket, with everything behind it in memory.

    `later_s`: so many seconds later than it is, for its sessions. `giving`: the store of a kiosk that has ended.
    """

    def __init__(
        self,
        *,
        environment: Environment = Environment.drill,
        kind: HandoffKind = HandoffKind.ticket,
        contact: ContactPage = CONTACT,
        timings: LiveTimings | None = None,
        giving: FakeGiving | None = None,
        show_code: ShowCode | None = None,
        board: BulletinBoard | None = None,
        bell: StaffBell | None = None,
    ) -> None:
        self.projects = FakeProjects()
        self.giving = giving or FakeGiving(self.projects, kind)
        self.current_scene = CurrentScene()
        self.giving.notify = self.current_scene.poke
        self.health = {"ok": True}
        self.published: BoardFacts | None = None
        self.disk_works = True
        self.use = ScreenUse()
        self.later_s = 0.0
        pages = Pages(
            environment=environment,
            site=SITE,
            surface=Surface.kiosk,
            phone=contact.phone,
            check_in=show_code is not None,
            has_bulletin=lambda: board is not None and board.current() is not None,
        )
        rules = WebRules(
            allowed_hosts=frozenset({"127.0.0.1"}),
            secret=b"only for tests",
            requests_per_second=100_000,
            burst=100_000,
            peer_connections=200,  # of several screens
        )
        self.app = kiosk_app(
            current_scene=self.current_scene,
            projects=self.projects,
            giving=self.giving,
            pages=pages,
            sessions=Sessions(
                pages.default_language,
                pages.default_display,
                secret=b"only for tests",
                now=lambda: time.monotonic() + self.later_s,
            ),
            rules=rules,
            health=lambda: self.health,
            read_board=self._board,
            verify="https://give.example.org/v",
            show_code=show_code,
            bulletin=BulletinParts(board, bell, "https://give.example.org") if board and bell else None,
            use=self.use,
            contact=contact,
            timings=timings or LiveTimings(),
        )

    def serve(self, port: int = 0) -> AbstractAsyncContextManager[str]:
        return serving(self.app, "127.0.0.1", port)

    async def _board(self, since: datetime) -> BoardFacts | None:
        if not self.disk_works:
            raise StoreUnavailable("the fake disk is gone")
        return self.published

    def card_brings(self, project: str | None) -> None:
        """A volunteer's card walks up (or away: None)."""
        door = Door.tag if project is not None else Door.touch
        self.current_scene.show(Chosen(project, None, door, PersonTag()))

    def pay_last(self) -> None:
        self.giving.becomes(self.giving.recorded[-1].gift.intent, IntentState.paid, "7F3A-K8QZ")


async def _main(port: int) -> None:
    kiosk = FakeKiosk()
    async with kiosk.serve(port) as url:
        print(url, flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            word, _, rest = line.strip().partition(" ")
            if word == "tag":
                kiosk.card_brings(rest or None)
            elif word == "/pay":
                kiosk.pay_last()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]) if len(sys.argv) > 1 else 8000))
