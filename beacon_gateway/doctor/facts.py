"""The facts that checks look at, and what a check returns."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from beacon_gateway.doctor.machine import Machine
from beacon_gateway.settings import Settings

FAILURE, TRY_AGAIN, CONFIGURATION = 1, 75, 78


@dataclass(frozen=True, slots=True)
class Problem:
    """`code`: a stable word. `remedy`: a command as it is typed, or empty; then the text says what to do.

    `exit_code`: 75 when it may pass by itself, 78 for settings, else 1. `is_note`: nothing is wrong, but somebody
    should know it; it does not change the exit code.
    """

    code: str
    zh: str
    en: str
    remedy: str = ""
    exit_code: int = FAILURE
    is_note: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """`config`: the settings file. `settings`: None if it has no valid ones.

    `health`: /healthz of the running gateway, None if none answers. `earlier`: the same, `sampled_s` seconds before.

    `refused`: faults of the settings file; `placeholders`: values of the shipped file that are still in it.
    """

    machine: Machine
    config: Path
    settings: Settings | None
    state_dir: Path
    today: date
    health: Mapping[str, Any] | None = None
    refused: tuple[str, ...] = ()
    placeholders: tuple[str, ...] = ()
    earlier: Mapping[str, Any] | None = None
    sampled_s: float = 0.0

    @property
    def central(self) -> str:
        return self.settings.central.url if self.settings else ""


Check = Callable[[Facts], Iterator[Problem]]
