"""The stages of a set-up, its questions, and the interface of the terminal and of the touch screen that ask them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from sync_contract.strict_model import Language


class Stage(StrEnum):
    """In their order."""

    language = "language"
    time_zone = "time_zone"
    rotation = "rotation"
    network = "network"
    adapter = "adapter"
    enrolment = "enrolment"
    beacon = "beacon"
    tag = "tag"
    settings = "settings"
    advert = "advert"
    kiosk = "kiosk"


class Topic(StrEnum):
    """What a question is about. Worded in setup.wizard.question_wording."""

    language = "language"
    time_zone = "time_zone"
    rotation = "rotation"
    network = "network"
    adapter = "adapter"
    enrolled = "enrolled"
    server = "server"
    code = "code"
    offer = "offer"
    beacon = "beacon"
    uuid = "uuid"
    major = "major"
    minor = "minor"
    settings = "settings"
    started = "started"
    kiosk = "kiosk"


class Pad(StrEnum):
    """The keys that an answer needs on a screen without a keyboard."""

    choice = "choice"
    digits = "digits"
    hexadecimal = "hexadecimal"
    code = "code"
    text = "text"


@dataclass(frozen=True, slots=True)
class Choice:
    """`word`: the answer. `label`: a text that needs no translation, such as a name; else `word` is worded."""

    word: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """`default`: the answer of an empty input; empty: there is none. `facts`: values of the worded question.

    `back`: the installer may return to the previous question.
    """

    topic: Topic
    pad: Pad = Pad.choice
    choices: tuple[Choice, ...] = ()
    default: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    back: bool = True


class Note(StrEnum):
    """What the set-up reports without a question."""

    network_ready = "network_ready"
    adapter_ready = "adapter_ready"
    adapter_simulated = "adapter_simulated"
    enrolling = "enrolling"
    enrolled = "enrolled"
    compare_fingerprint = "compare_fingerprint"
    offered = "offered"
    tag_wait = "tag_wait"
    tag_heard = "tag_heard"
    tag_silent = "tag_silent"
    tag_failed = "tag_failed"
    summary = "summary"
    written = "written"
    starting = "starting"
    advert_proved = "advert_proved"
    advert_not_proved = "advert_not_proved"
    advert_simulated = "advert_simulated"
    advert_off_air = "advert_off_air"
    advert_none = "advert_none"
    undone = "undone"
    finished = "finished"


class SetupFault(StrEnum):
    """Why an answer or a step was refused: worded with the reason and the remedy."""

    not_a_choice = "not_a_choice"
    time_zone = "time_zone"
    server_empty = "server_empty"
    server_address = "server_address"
    server_plain = "server_plain"
    code_empty = "code_empty"
    code_length = "code_length"
    code_mistyped = "code_mistyped"
    qr_incomplete = "qr_incomplete"
    uuid_form = "uuid_form"
    uuid_nil = "uuid_nil"
    number = "number"
    no_network = "no_network"
    no_adapter = "no_adapter"
    adapter_blocked = "adapter_blocked"
    code_unknown = "code_unknown"
    code_expired = "code_expired"
    code_used = "code_used"
    code_revoked = "code_revoked"
    key_known = "key_known"
    other_place = "other_place"
    too_many = "too_many"
    other_server = "other_server"
    name_unknown = "name_unknown"
    no_connection = "no_connection"
    no_answer = "no_answer"
    certificate = "certificate"
    key_refused = "key_refused"
    busy = "busy"
    closed = "closed"
    settings_refused = "settings_refused"
    cannot_write = "cannot_write"
    not_started = "not_started"
    kiosk_dark = "kiosk_dark"


class GoBack(Exception):
    """The installer wants the previous question."""


class Front(Protocol):
    """Where the installer reads and answers: a terminal, or the kiosk's touch screen."""

    def set_language(self, language: Language) -> None: ...

    def enter(self, stage: Stage) -> None:
        """Show that a stage begins."""

    async def ask(self, question: Question) -> str:
        """Return the answer. Raises GoBack; SetupEnded when nobody answers."""

    def note(self, note: Note, **facts: str) -> None: ...

    def refuse(self, fault: SetupFault, **facts: str) -> None: ...
