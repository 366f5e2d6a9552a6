"""Define roles and rights; a role at a place applies at and below that place."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Right(StrEnum):
    see = "see"
    """Everything but money tasks, accounts and the audit trail."""
    edit = "edit"
    """The catalogue, beacons, gateways and their enrolment."""
    money = "money"
    """Refunds, reconciliation, disbursements."""
    govern = "govern"
    """Places, accounts, tokens, webhooks, the audit trail."""
    families = "families"
    """Households in difficulty and their cases."""
    people = "people"
    """Names and numbers of volunteers."""
    unit = "unit"
    """The own unit's members in the talent pool, and nothing else."""


class Role(StrEnum):
    viewer = "viewer"
    staff = "staff"
    finance = "finance"
    admin = "admin"
    family = "family"
    """Families in difficulty: no administrator has this right with the role."""
    steward = "steward"
    """Volunteers' names and numbers: no administrator has this right with the role."""
    liaison = "liaison"
    """Contact of a partner unit: the part of volunteers says which unit."""
    chief = "chief"
    """Administration and finance, for a small office; another person still decides about its requests."""


RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.viewer: frozenset({Right.see}),
    Role.staff: frozenset({Right.see, Right.edit}),
    Role.finance: frozenset({Right.see, Right.money}),
    Role.admin: frozenset({Right.see, Right.edit, Right.govern}),
    Role.family: frozenset({Right.see, Right.families}),
    Role.steward: frozenset({Right.see, Right.people}),
    Role.liaison: frozenset({Right.unit}),
    Role.chief: frozenset(Right) - {Right.families, Right.people, Right.unit},
}


@dataclass(frozen=True, slots=True)
class Access:
    """The roles of an account, by place."""

    account: str
    roles: Mapping[str, Role]

    def places(self, right: Right) -> frozenset[str]:
        """Return the places at and below which the account has the right."""
        return frozenset(place for place, role in self.roles.items() if right in RIGHTS[role])

    def may(self, right: Right, ancestors: Collection[str]) -> bool:
        """Whether the account has the right at a place; `ancestors`: that place and all above it."""
        return not self.places(right).isdisjoint(ancestors)

    def has(self, right: Right) -> bool:
        """Whether the account has the right anywhere."""
        return bool(self.places(right))
