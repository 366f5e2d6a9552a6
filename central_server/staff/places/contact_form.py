"""What staff typed of whom residents may call: a contact, or what is wrong with it."""

import unicodedata
from collections.abc import Mapping
from enum import StrEnum

from pydantic import TypeAdapter, ValidationError

from central_server.store.places.contacts import Contact
from kiosk_ui.telephone import Line, Telephone
from sync_contract.strict_model import Language

_TELEPHONE: TypeAdapter[str] = TypeAdapter(Telephone)
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))


class ContactFault(StrEnum):
    phone = "phone"
    """It is no telephone number."""
    alone = "alone"
    """Words, and no number to which they belong."""
    holder = "holder"
    hours = "hours"
    """In some of the languages only, or too long."""


def read_contact(form: Mapping[str, str]) -> Contact | ContactFault | None:
    """`phone`, `holder-<language>`, `hours-<language>`. None: all of it is empty. As Chinese keyboards write digits
    and hyphens, they are taken too."""
    typed = unicodedata.normalize("NFKC", form.get("phone", "")).translate(_DASHES)
    try:
        phone = _TELEPHONE.validate_python(" ".join(typed.split()))
    except ValidationError:
        return ContactFault.phone
    try:
        holder = _line(form, "holder")
    except ValidationError:
        return ContactFault.holder
    try:
        hours = _line(form, "hours")
    except ValidationError:
        return ContactFault.hours
    if phone:
        return Contact(phone, holder, hours)
    return None if holder is hours is None else ContactFault.alone


def _line(form: Mapping[str, str], field: str) -> Line | None:
    """None where it is empty in every language. Raises ValidationError."""
    given = {code.value: " ".join(form.get(f"{field}-{code}", "").split()) for code in Language}
    return Line.model_validate(given) if any(given.values()) else None


def changes(before: Contact | None, after: Contact | None) -> str:
    """For the audit trail; empty when they are the same."""
    was, now = _told(before), _told(after)
    return "; ".join(f"{what}: {was[what]} → {now[what]}" for what in was if was[what] != now[what])


def _told(contact: Contact | None) -> dict[str, str]:
    told = {"phone": contact.phone if contact else "–"}
    lines = {"holder": contact and contact.holder, "hours": contact and contact.hours}
    for field, texts in lines.items():
        told |= {f"{field} {code}": texts[code] if texts else "–" for code in Language}
    return told
