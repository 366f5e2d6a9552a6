"""The check-in code that the screen shows."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ShownCode:
    """`url`: for the phone, in capitals; `remaining_s`: seconds until the next code, more than zero."""

    url: str
    remaining_s: float
