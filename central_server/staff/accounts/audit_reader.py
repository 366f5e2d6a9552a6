"""Translate texts, money and ids of audit entries for one reader."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import singledispatch

from central_server.staff.accounts.audit_names import Names
from central_server.staff.frame import field_wording
from central_server.store.accounts.audit_records import AuditAction, FieldChange
from central_server.store.accounts.audit_trail import AuditEntry
from kiosk_ui.number_format import money
from sync_contract.money import Money
from sync_contract.strict_model import Language


@dataclass(frozen=True, slots=True)
class ActionWording:
    """`name`: of the subject, "" where the title is enough; `ids`: shown only on demand."""

    name: str
    ids: tuple[str, ...] = ()
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AuditReader:
    translate: Callable[[str], str]
    language: Language
    names: Names
    entry: AuditEntry

    def text(self, msgid: str, **facts: object) -> str:
        translated = self.translate(msgid)
        return translated % facts if facts else translated

    def money(self, minor: int, currency: str = "CNY") -> str:
        return money(Money(minor, currency), self.language)

    def signed_money(self, minor: int) -> str:
        return ("\N{MINUS SIGN}" if minor < 0 else "") + self.money(abs(minor))

    def project(self, id_: str) -> str:
        """Return the title, or the id for an unknown project."""
        return self.names.project(self.entry.place, id_) or id_

    def role(self, role: str) -> str:
        return field_wording.value("role", role, self.translate, self.named)

    def field(self, name: str, value: object) -> str:
        return field_wording.field_line(name, [str(value)], self.translate, self.named)

    def changes(self, changes: tuple[FieldChange, ...]) -> tuple[str, ...]:
        return tuple(
            field_wording.field_line(each.field, [each.before, each.after], self.translate, self.named)
            for each in changes
            if each.field != "id"  # the name and the ids show it
        )

    def named(self, field: str, id_: str) -> str:
        """Return the name of what a field's id refers to, or the id itself."""
        if field == "project":
            return self.project(id_)
        if field == "organisation":
            return self.names.organisation(self.entry.place, id_) or id_
        return self.names.unique(id_) or id_

    def subject(self, name: str, details: tuple[str, ...] = ()) -> ActionWording:
        """Show the subject by its name, with its id on demand; without a name the id replaces it."""
        subject = self.entry.action.subject
        return ActionWording(name or subject, (subject,) if name and name != subject else (), details)


@singledispatch
def describe(action: AuditAction, reader: AuditReader) -> ActionWording:
    """Word one action. audit_wording and audit_money_wording register a function for each kind of action."""
    return ActionWording(action.subject)
