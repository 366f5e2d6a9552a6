"""Read the kernel's boot id and whether its clock is synchronised."""

import ctypes
from pathlib import Path

_STA_UNSYNC = 0x0040


class _Timex(ctypes.Structure):
    """struct timex of adjtimex(2), as far as it is read; the kernel fills 208 bytes."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * 256),
    )


def boot_id() -> str:
    """Return 32 hexadecimal digits, different at each boot (random(4))."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip().replace("-", "")


def clock_synchronised() -> bool:
    """Return whether the kernel considers its clock synchronised (adjtimex(2)); False when the call fails.

    timesyncd, chrony and ntpd all clear STA_UNSYNC. A unit must not set ProtectClock=, which forbids even reading it.
    """
    timex = _Timex()
    if ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex)) < 0:
        return False
    return not timex.status & _STA_UNSYNC
