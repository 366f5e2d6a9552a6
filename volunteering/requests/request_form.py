"""Read the form by which a member asks for help."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from sync_contract.bulletin import HelpKind
from sync_contract.entered_date import read_date
from volunteering.rules.phone_number import read_mobile

MAX_DAYS = 60
_MOST = {"grid": 20, "building": 40, "door": 40, "note": 300}


Category = HelpKind


class RequestFault(StrEnum):
    needed = "needed"
    long = "long"
    category = "category"
    day = "day"
    mobile = "mobile"
    consent = "consent"


@dataclass(frozen=True, slots=True)
class Address:
    """What is sealed. `note`: for staff and the helper, "" for nothing.

    `name`, `mobile`: of a neighbour for whom staff ask; "" for a member, whose data are elsewhere, and for no phone.
    """

    building: str
    door: str
    note: str
    name: str = ""
    mobile: str = ""


@dataclass(frozen=True, slots=True)
class NewRequest:
    category: Category
    grid: str
    wanted_on: date
    address: Address


def read_request(values: Mapping[str, str], today: date) -> tuple[NewRequest | None, dict[str, RequestFault]]:
    """Return the request, or None with what is wrong by field."""
    faults: dict[str, RequestFault] = {}
    texts = {name: " ".join(values.get(name, "").split()) for name in _MOST}
    for name, text in texts.items():
        if not text and name != "note":
            faults[name] = RequestFault.needed
        elif len(text) > _MOST[name] or not text.isprintable():
            faults[name] = RequestFault.long
    category = values.get("category", "")
    if category not in list(Category):
        faults["category"] = RequestFault.category
    wanted_on = read_date(values.get("wanted_on", ""))
    if wanted_on is None or not today <= wanted_on <= today + timedelta(days=MAX_DAYS):
        faults["wanted_on"] = RequestFault.day
    if faults or wanted_on is None:
        return None, faults
    address = Address(texts["building"], texts["door"], texts["note"])
    return NewRequest(Category(category), texts["grid"], wanted_on, address), faults


def read_desk_request(values: Mapping[str, str], today: date) -> tuple[NewRequest | None, dict[str, RequestFault]]:
    """Return the request of a neighbour for whom staff ask, or None with what is wrong by field."""
    new, faults = read_request(values, today)
    name, typed = " ".join(values.get("name", "").split()), values.get("mobile", "").strip()
    mobile = read_mobile(typed) if typed else ""
    if not name:
        faults["name"] = RequestFault.needed
    elif len(name) > 40 or not name.isprintable():
        faults["name"] = RequestFault.long
    if mobile is None:
        faults["mobile"] = RequestFault.mobile
    if values.get("consent") != "yes":
        faults["consent"] = RequestFault.consent
    if new is None or faults:
        return None, faults
    return replace(new, address=replace(new.address, name=name, mobile=mobile or "")), faults
