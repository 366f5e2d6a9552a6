"""A deed of the audit trail for whoever reads it: their words, what the ids are called, and what is told in the end."""

from collections.abc import Callable
from dataclasses import dataclass

from central_server.staff.accounts.audit_actions import REASONS
from central_server.staff.accounts.audit_names import Names
from central_server.staff.frame import field_wording
from central_server.store.accounts.audit_trail import AuditLine
from kiosk_ui.number_format import money
from sync_contract.money import Money
from sync_contract.strict_model import Language

Say = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Told:
    """`name`: of what it was done to, "" where the deed says enough; `ids`: for whoever has to look them up."""

    name: str
    ids: tuple[str, ...]
    details: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: their words and language, and what the ids are called."""

    say: Say
    language: Language
    names: Names


@dataclass(frozen=True, slots=True)
class Deed:
    line: AuditLine
    reader: Reader

    @property
    def subject(self) -> str:
        return self.line.subject

    @property
    def detail(self) -> str:
        return self.line.detail

    def say(self, text: str, **facts: object) -> str:
        said = self.reader.say(text)
        return said % facts if facts else said

    def money(self, minor: int, currency: str = "CNY") -> str:
        return money(Money(minor, currency), self.reader.language)

    def project(self, id_: str) -> str:
        return self.reader.names.project(self.line.place, id_)

    def plain(self) -> tuple[str, ...]:
        """Details that are written as `key: before → after`."""
        return tuple(field_wording.lines(self.detail, self.reader.say, self.named, plain=REASONS))

    def named(self, field: str, text: str) -> str:
        names = self.reader.names
        if field == "project":
            return self.project(text) or text
        if field == "organisation":
            return names.organisation(self.line.place, text) or text
        if field == "":
            text = self.role(text)
        return names.anything(text) or text

    def role(self, text: str) -> str:
        roles = field_wording.VALUES["role"]
        return self.reader.say(roles[text]) if text in roles else text


def thing(deed: Deed, name: str) -> Told:
    """Its id is looked up only by whoever has to: where it has no name any more, it stands for itself."""
    return Told(name or deed.subject, (deed.subject,) if name and name != deed.subject else (), deed.plain())
