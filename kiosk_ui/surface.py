"""The device for which a server renders its pages."""

from enum import StrEnum


class Surface(StrEnum):
    """The screen in the hall, or the resident's own phone."""

    kiosk = "kiosk"
    phone = "phone"
