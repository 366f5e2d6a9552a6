"""Where a server's pages are looked at."""

from enum import StrEnum


class Surface(StrEnum):
    """Where a server's pages are looked at: the screen in the hall, or the resident's own phone."""

    kiosk = "kiosk"
    phone = "phone"
