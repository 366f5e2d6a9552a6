"""Whether the set-up of this device is open: until it is first enrolled, later for 15 minutes after root opened it.

Whoever enrols a kiosk again redirects its gifts, and a PIN on a touch screen can be watched. So an enrolled device
needs root: the permit is a file in a folder that only root can write and that no restart preserves.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from beacon_gateway.store.identity import FILE, stored_identity
from daemonkit.clock import boot_id
from daemonkit.files import write_atomically

OPEN_S = 15 * 60
_NAME = "beacon-gateway-setup.json"


def read_boot_clock() -> float:
    """Return the seconds since the boot, suspended time included; nobody can set this clock (clock_gettime(2))."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True, slots=True)
class SetupPermit:
    """`run`: the folder of the permit, such as /run. `boot`: the id of the present boot."""

    run: Path
    state_dir: Path
    clock: Callable[[], float] = read_boot_clock
    boot: Callable[[], str] = boot_id

    def is_open(self) -> bool:
        return self._never_enrolled() or self.seconds_left() > 0

    def open(self) -> None:
        """Raises OSError."""
        text = json.dumps({"boot": self.boot(), "opened_s": self.clock()})
        write_atomically(self.run / _NAME, text.encode(), mode=0o644)

    def close(self) -> None:
        """Raises OSError."""
        (self.run / _NAME).unlink(missing_ok=True)

    def seconds_left(self) -> float:
        """Return how long the permit is still valid; 0 without a permit of this boot that can be read."""
        try:
            permit = json.loads((self.run / _NAME).read_bytes())
            boot, age_s = permit["boot"], self.clock() - float(permit["opened_s"])
        except (OSError, ValueError, KeyError, TypeError):
            return 0.0
        return OPEN_S - age_s if boot == self.boot() and 0 <= age_s < OPEN_S else 0.0

    def _never_enrolled(self) -> bool:
        """An identity that cannot be read counts as enrolled."""
        identity = stored_identity(self.state_dir)
        if identity is None:
            return not (self.state_dir / FILE).exists()
        return identity.enrolment is None
