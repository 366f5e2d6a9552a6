"""Read the forms by which staff add a unit, and a unit adds a member."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sync_contract.project import Texts
from volunteering.pool.enlist import Listed
from volunteering.rules.phone_number import read_mobile
from volunteering.store.units import UnitKind

MAX_NAME, MAX_UNIT_NAME = 30, 60
_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,19}")


class ListFault(StrEnum):
    name = "name"
    mobile = "mobile"
    duty = "duty"
    grid = "grid"
    unit = "unit"
    repeated = "repeated"


@dataclass(frozen=True, slots=True)
class UnitForm:
    code: str
    kind: UnitKind
    names: Texts


def read_unit(values: Mapping[str, str]) -> UnitForm | None:
    """Return None for a form that cannot be stored."""
    names = {key: " ".join(values.get(f"name_{key}", "").split()) for key in ("zh_hans", "zh_hant", "en")}
    first = next((name for name in names.values() if name), "")
    code, kind = values.get("code", "").strip(), values.get("kind", "")
    if not first or any(len(name) > MAX_UNIT_NAME or not name.isprintable() for name in names.values()):
        return None
    if not _CODE.fullmatch(code) or kind not in list(UnitKind):
        return None
    filled = {name.replace("_h", "-H"): text or first for name, text in names.items()}
    return UnitForm(code, UnitKind(kind), Texts.model_validate(filled))


def read_listed(values: Mapping[str, str], grids: Collection[str]) -> Listed | ListFault:
    """`grids`: ids of the community's grids; a member may have none of them."""
    name, duty = (" ".join(values.get(field, "").split()) for field in ("name", "duty"))
    mobile, grid = read_mobile(values.get("mobile", "")), values.get("grid", "").strip()
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        return ListFault.name
    if mobile is None:
        return ListFault.mobile
    if len(duty) > MAX_NAME or not duty.isprintable():
        return ListFault.duty
    return ListFault.grid if grid and grid not in grids else Listed(name, mobile, duty, grid)
