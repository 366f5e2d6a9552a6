"""The staff pages that stand in the menu, in its order, and the right that each asks for."""

from dataclasses import dataclass

from central_server.accounts.access import Access, Right


@dataclass(frozen=True, slots=True)
class Entry:
    """`name`: an English msgid of the staff's catalogues."""

    path: str
    name: str
    right: Right = Right.see


def _(text: str) -> str:
    """Marks a text for the catalogues."""
    return text


MENU = (
    Entry("/staff/", _("Overview")),
    Entry("/staff/log", _("Sync log")),
    Entry("/staff/figures", _("Figures")),
    Entry("/staff/gateways", _("Gateways")),
    Entry("/staff/beacons", _("Beacons")),
    Entry("/staff/projects", _("Projects")),
    Entry("/staff/bindings", _("Bindings")),
    Entry("/staff/organisations", _("Organisations")),
    Entry("/staff/places", _("Places"), Right.govern),
    Entry("/staff/accounts", _("Accounts"), Right.govern),
    Entry("/staff/audit", _("Audit trail"), Right.govern),
    Entry("/staff/tokens", _("Tokens for programs")),
    Entry("/staff/webhooks", _("Webhooks"), Right.govern),
)


def entries(access: Access) -> tuple[Entry, ...]:
    return tuple(entry for entry in MENU if access.has(entry.right))
