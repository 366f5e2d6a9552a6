"""List the staff menu: groups of pages in their order, with the right that each requires."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from central_server.accounts.access import Access, Right
from central_server.staff.frame.msgid import _


@dataclass(frozen=True, slots=True)
class Entry:
    """`name`: an English msgid; `also`: further paths that belong to this entry."""

    path: str
    name: str
    right: Right = Right.see
    also: tuple[str, ...] = ()

    def leads_to(self, path: str) -> bool:
        return path == self.path or any(path == at or path.startswith((f"{at}/", f"{at}.")) for at in self._all)

    @property
    def _all(self) -> tuple[str, ...]:
        return self.also if self.path == "/staff/" else (self.path, *self.also)


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    entries: Sequence[Entry]

    def leads_to(self, path: str) -> bool:
        return any(entry.leads_to(path) for entry in self.entries)


MENU = (
    Group(
        _("Today"),
        (
            Entry("/staff/", _("Overview")),
            Entry("/staff/alerts", _("Alerts"), also=("/staff/channels",)),
            Entry("/staff/log", _("Sync log"), also=("/staff/parcels",)),
            Entry("/staff/figures", _("Figures")),
            Entry("/staff/families", _("Families"), Right.families),
            Entry("/staff/help", _("Received help"), Right.families),
        ),
    ),
    Group(
        _("Money"),
        (
            Entry("/staff/gifts", _("Gifts"), Right.money),
            Entry("/staff/remittances", _("Transfers and cheques"), Right.money),
            Entry("/staff/refunds", _("Refunds"), Right.money),
            Entry("/staff/reconciliation", _("Reconciliation"), Right.money, also=("/staff/evidence",)),
            Entry("/staff/ledger", _("Ledger"), Right.money),
            Entry("/staff/disbursements", _("Disbursements"), Right.money),
            Entry("/staff/receipts", _("Receipts"), Right.money),
            Entry("/staff/permits", _("Permits and disclosure")),
        ),
    ),
    Group(
        _("Shown to residents"),
        (
            Entry("/staff/projects", _("Projects")),
            Entry("/staff/bindings", _("Bindings")),
            Entry("/staff/beacons", _("Beacons")),
            Entry("/staff/gateways", _("Gateways")),
            Entry("/staff/organisations", _("Organisations")),
        ),
    ),
    Group(
        _("Administration"),
        (
            Entry("/staff/places", _("Places"), Right.govern),
            Entry("/staff/accounts", _("Accounts"), Right.govern),
            Entry("/staff/audit", _("Audit trail"), Right.govern),
            Entry("/staff/tokens", _("Tokens for programs")),
            Entry("/staff/webhooks", _("Webhooks"), Right.govern),
        ),
    ),
)


def groups(access: Access, more: Sequence[Group] = ()) -> tuple[Group, ...]:
    """Return the entries that the account may open. `more`: groups of optional parts, before the administration."""
    *own, administration = MENU
    allowed = (
        replace(group, entries=tuple(entry for entry in group.entries if access.has(entry.right)))
        for group in (*own, *more, administration)
    )
    return tuple(group for group in allowed if group.entries)
