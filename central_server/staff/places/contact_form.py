"""Read the form for a place's telephone number."""

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
    """Not a telephone number."""
    alone = "alone"
    """Texts without a number."""
    holder = "holder"
    hours = "hours"
    """Missing in some languages, or too long."""


def read_contact(form: Mapping[str, str]) -> Contact | ContactFault | None:
    """Read `phone`, `holder-<language>` and `hours-<language>`; None for an empty form.

    Full-width digits and hyphens of Chinese keyboards are accepted.
    """
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
    """Return None for a text that is empty in every language. Raises ValidationError."""
    given = {code.value: " ".join(form.get(f"{field}-{code}", "").split()) for code in Language}
    return Line.model_validate(given) if any(given.values()) else None


def contact_fields(contact: Contact | None) -> dict[str, str]:
    """Return the fields as the audit trail compares them."""
    fields = {"phone": contact.phone if contact else ""}
    for field, texts in {"holder": contact and contact.holder, "hours": contact and contact.hours}.items():
        for code in Language:
            fields[f"{field}_{code.value.replace('-', '_').lower()}"] = texts[code] if texts else ""
    return fields
