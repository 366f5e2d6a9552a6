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


MENU = (Entry("/staff/", _("Sync log")),)


def entries(access: Access) -> tuple[Entry, ...]:
    return tuple(entry for entry in MENU if access.has(entry.right))
