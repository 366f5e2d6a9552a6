"""The set-up of a site as a dialogue: asks, checks, enrols, writes. The same for the terminal and the touch screen.

Two steps change the device, each completely or not at all: the enrolment and the settings. Whatever ends the set-up
before one of them leaves the former state.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeVar, cast

from beacon_gateway.setup.site_file import SiteFacts
from beacon_gateway.setup.wizard import answers
from beacon_gateway.setup.wizard.actions import Actions, AdvertState, SiteDraft, StepRefused
from beacon_gateway.setup.wizard.answers import AnswerRefused
from beacon_gateway.setup.wizard.questions import Choice, Front, GoBack, Note, Pad, Question, SetupFault, Stage, Topic
from sync_contract.beacon_identity import BeaconId
from sync_contract.enrolment import Invitation, fingerprint, group_code
from sync_contract.keys import read_public
from sync_contract.site_offer import OfferedBeacon, SiteOffer
from sync_contract.strict_model import Language

_Value = TypeVar("_Value")
_LANGUAGES = (
    Choice(Language.zh_hans.value, "简体中文"),
    Choice(Language.zh_hant.value, "繁體中文"),
    Choice(Language.en.value, "English"),
)
_ROTATIONS = tuple(Choice(each) for each in ("0", "90", "180", "270"))
_ZONE = "Asia/Shanghai"
_ASKING = (Stage.language, Stage.time_zone, Stage.rotation, Stage.enrolment, Stage.beacon, Stage.settings)
"""The stages to which `back` returns."""
_ADVERT = {
    AdvertState.proved: Note.advert_proved,
    AdvertState.not_proved: Note.advert_not_proved,
    AdvertState.simulated: Note.advert_simulated,
    AdvertState.off_air: Note.advert_off_air,
    AdvertState.none: Note.advert_none,
}


@dataclass(frozen=True, slots=True)
class _Decided:
    language: Language = Language.zh_hans
    time_zone: str = _ZONE
    rotation: Literal[0, 90, 180, 270] = 0
    beacon: BeaconId | None = None
    project: str = ""


class SetupFlow:
    def __init__(self, front: Front, actions: Actions) -> None:
        self._front = front
        self._actions = actions
        self._decided = _Decided()
        self._offer: SiteOffer | None = None
        self._server = ""

    async def run(self) -> None:
        """Take the stages in order. Raises SetupEnded."""
        stages = list(Stage)
        works = {
            Stage.language: self._ask_language,
            Stage.time_zone: self._ask_time_zone,
            Stage.rotation: self._ask_rotation,
            Stage.network: self._check_network,
            Stage.adapter: self._check_adapter,
            Stage.enrolment: self._enrol,
            Stage.beacon: self._ask_beacon,
            Stage.tag: self._hear_tag,
            Stage.settings: self._write,
            Stage.advert: self._show_advert,
            Stage.kiosk: self._test_kiosk,
        }
        number = 0
        while number < len(stages):
            self._front.enter(stages[number])
            try:
                await works[stages[number]]()
            except GoBack:
                number = max((stages.index(each) for each in _ASKING if stages.index(each) < number), default=0)
            else:
                number += 1

    async def _ask_language(self) -> None:
        word = await self._choose(Topic.language, _LANGUAGES, self._decided.language.value, back=False)
        self._decided = replace(self._decided, language=Language(word))
        self._front.set_language(self._decided.language)

    async def _ask_time_zone(self) -> None:
        question = Question(Topic.time_zone, Pad.text, default=self._decided.time_zone)
        self._decided = replace(self._decided, time_zone=await self._read(question, answers.read_time_zone))

    async def _ask_rotation(self) -> None:
        word = await self._choose(Topic.rotation, _ROTATIONS, str(self._decided.rotation))
        self._decided = replace(self._decided, rotation=cast(Literal[0, 90, 180, 270], int(word)))

    async def _check_network(self) -> None:
        await self._until_ready(Topic.network, self._note_network)

    async def _note_network(self) -> None:
        self._front.note(Note.network_ready, interface=await self._actions.find_network())

    async def _check_adapter(self) -> None:
        await self._until_ready(Topic.adapter, self._note_adapter)

    async def _note_adapter(self) -> None:
        found = await self._actions.find_adapter()
        note = Note.adapter_simulated if found == "simulated" else Note.adapter_ready
        self._front.note(note, adapters=found)

    async def _until_ready(self, topic: Topic, check: Callable[[], Awaitable[None]]) -> None:
        """Repeat a check as long as the installer wants; they may go on without."""
        while True:
            try:
                await check()
            except StepRefused as refused:
                self._front.refuse(refused.fault, **refused.facts)
            else:
                return
            if await self._choose(topic, (Choice("again"), Choice("skip")), "again") == "skip":
                return

    async def _enrol(self) -> None:
        known = self._actions.enrolment()
        if known is not None:
            facts = {"hall": known.label, "server": known.central}
            options = (Choice("keep"), Choice("new"))
            if await self._choose(Topic.enrolled, options, "keep", facts=facts) == "keep":
                await self._fetch_offer()
                return
        while not await self._try_enrolment():
            pass
        await self._fetch_offer()

    async def _try_enrolment(self) -> bool:
        invitation = await self._ask_invitation()
        self._front.note(Note.enrolling)
        try:
            answer = await self._actions.enrol(invitation)
        except StepRefused as refused:
            self._front.refuse(refused.fault, **refused.facts)
            return False
        self._front.note(Note.enrolled, hall=answer.label)
        if not invitation.fingerprint:
            pinned = group_code(fingerprint(read_public(answer.catalogue_key)))
            self._front.note(Note.compare_fingerprint, fingerprint=pinned)
        return True

    async def _ask_invitation(self) -> Invitation:
        question = Question(Topic.server, Pad.text, default=self._server)
        server = await self._read(question, answers.read_server)
        self._server = server.url
        if server.invitation is not None:
            return server.invitation
        code = await self._read(Question(Topic.code, Pad.code), answers.read_typed_code)
        return code if isinstance(code, Invitation) else Invitation(server.url, code)

    async def _fetch_offer(self) -> None:
        while True:
            try:
                self._offer = await self._actions.fetch_offer()
            except StepRefused as refused:
                self._front.refuse(refused.fault, **refused.facts)
            else:
                break
            await self._choose(Topic.offer, (Choice("again"),), "again")
        offer, language = self._offer, self._decided.language
        self._front.note(Note.offered, hall=offer.hall, community=offer.community[language])

    async def _ask_beacon(self) -> None:
        offered = self._site_offer().beacons
        choices = (*(Choice(str(each.id), self._describe(each)) for each in offered), Choice("own"), Choice("none"))
        word = await self._choose(Topic.beacon, choices, choices[0].word)
        if word == "own":
            self._decided = replace(self._decided, beacon=await self._ask_own_beacon(), project="")
            return
        found = next((each for each in offered if str(each.id) == word), None)
        project = (found.project or "") if found else ""
        self._decided = replace(self._decided, beacon=found.id if found else None, project=project)

    def _describe(self, beacon: OfferedBeacon) -> str:
        title = f" · {beacon.title[self._decided.language]}" if beacon.title else ""
        return f"{beacon.label}{title}  {beacon.id}"

    async def _ask_own_beacon(self) -> BeaconId:
        offered = self._site_offer().beacons
        known = str(offered[0].uuid) if offered else ""
        uuid = await self._read(Question(Topic.uuid, Pad.hexadecimal, default=known), answers.read_uuid)
        major = await self._read(Question(Topic.major, Pad.digits), answers.read_u16)
        minor = await self._read(Question(Topic.minor, Pad.digits), answers.read_u16)
        return BeaconId(uuid, major, minor)

    async def _hear_tag(self) -> None:
        self._front.note(Note.tag_wait)
        try:
            heard = await self._actions.hear_tag(self._draft())
        except StepRefused as refused:
            self._front.refuse(refused.fault, **refused.facts)
            self._front.note(Note.tag_failed)
            return
        if heard is None:
            self._front.note(Note.tag_silent)
        else:
            self._front.note(Note.tag_heard, beacon=str(heard.beacon), rssi=str(heard.rssi))

    async def _write(self) -> None:
        draft = self._draft()
        beacon = draft.site.beacon
        facts = {
            "hall": draft.hall,
            "community": draft.site.community[self._decided.language],
            "beacon": str(beacon) if beacon else "-",
            "project": draft.site.project or "-",
            "time_zone": draft.time_zone,
            "rotation": str(draft.site.rotation),
            "environment": draft.site.environment.value,
        }
        self._front.note(Note.summary, **facts)
        while True:
            await self._choose(Topic.settings, (Choice("write"),), "write")
            try:
                file, aside = await self._actions.write(draft)
            except StepRefused as refused:
                self._front.refuse(refused.fault, **refused.facts)
            else:
                break
        self._front.note(Note.written, file=file, aside=aside or "-")
        await self._start()

    async def _start(self) -> None:
        self._front.note(Note.starting)
        work = self._actions.start
        while True:
            try:
                await work()
            except StepRefused as refused:
                self._front.refuse(refused.fault, **refused.facts)
            else:
                return
            options = (Choice("again"), Choice("undo"), Choice("skip"))
            word = await self._choose(Topic.started, options, "again", back=False)
            if word == "skip":
                return
            if word == "undo":
                await self._actions.undo()
                self._front.note(Note.undone)
                raise GoBack
            work = self._actions.wait_started

    async def _show_advert(self) -> None:
        try:
            state, adapter = await self._actions.read_advert()
        except StepRefused as refused:
            self._front.refuse(refused.fault, **refused.facts)
            return
        self._front.note(_ADVERT[state], adapter=adapter)

    async def _test_kiosk(self) -> None:
        options = (Choice("yes"), Choice("no"))
        if await self._choose(Topic.kiosk, options, "yes", back=False) == "no":
            self._front.refuse(SetupFault.kiosk_dark)
        self._front.note(Note.finished)

    def _site_offer(self) -> SiteOffer:
        assert self._offer is not None, "the enrolment comes before"
        return self._offer

    def _draft(self) -> SiteDraft:
        offer, decided = self._site_offer(), self._decided
        site = SiteFacts(
            community=offer.community,
            environment=offer.environment,
            beacon=decided.beacon,
            project=decided.project,
            language=decided.language,
            rotation=decided.rotation,
        )
        return SiteDraft(site, decided.time_zone, offer.hall)

    async def _choose(
        self,
        topic: Topic,
        choices: tuple[Choice, ...],
        default: str,
        *,
        back: bool = True,
        facts: Mapping[str, str] | None = None,
    ) -> str:
        question = Question(topic, Pad.choice, choices, default, facts or {}, back)
        return await self._read(question, lambda text: answers.read_choice(text, choices))

    async def _read(self, question: Question, read: Callable[[str], _Value]) -> _Value:
        """Ask until the answer can be read; each refusal states reason and remedy. Raises GoBack, SetupEnded."""
        while True:
            answer = await self._front.ask(question)
            try:
                return read(answer or question.default)
            except AnswerRefused as refused:
                self._front.refuse(refused.fault, **refused.facts)
