"""The faults of a drill, for the next transaction or for all.

It imports no other module: the command line lists the faults before anything is started.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


class UnknownFault(ValueError):
    """No such fault, or no such value."""


@dataclass(frozen=True, slots=True)
class Fault:
    """`value`: the default. `values`: the allowed values (an expression)."""

    name: str
    about: str
    value: str = ""
    values: str = ""

    def __str__(self) -> str:
        return f"{self.name}{f'={self.value}' if self.value else ''}: {self.about}"


FAULTS = (
    Fault("duplicate-notify", "the notification comes once more after it was answered"),
    Fault("notify-before-return", "the donor's page waits until the notification was answered"),
    Fault("notify-lost", "no notification is ever sent"),
    Fault("notify-after-timeout", "paid in time, notified only after payTimeout"),
    Fault("wrong-amount", "the notification says one fen more, validly signed"),
    Fault("bad-signature", "the notification's signature is broken"),
    Fault("foreign-certificate", "the notification is signed correctly, under another authority of the same names"),
    Fault("expired-certificate", "the notification is signed with a certificate that has expired"),
    Fault("wrong-name", "the notification is signed with another customer's certificate of the same authority"),
    Fault("reply-bad-signature", "a synchronous reply's signature is broken"),
    Fault("reply-foreign-certificate", "a reply is signed correctly, under another authority of the same names"),
    Fault("reply-expired-certificate", "a reply is signed with a certificate that has expired"),
    Fault("reply-wrong-name", "a reply is signed with another customer's certificate of the same authority"),
    Fault("query-03-04-00", "the first query returns 03, the second 04, later ones the real state"),
    Fault("query-34", "this many queries find nothing", "3", r"[1-9][0-9]{0,3}"),
    Fault("a6", "paid, but with respCode A6"),
    Fault("front-forged", "after a failed or abandoned payment, the donor's browser returns with a forged success"),
    Fault("ebank-late", "an e-bank payment (0201) completes after payTimeout, with this code", "42", r"42|00"),
    Fault("refund-fails", "a refund is accepted and then fails, unannounced"),
    Fault("file-unknown-row", "the file has a row without an order"),
    Fault("file-missing-row", "the file has no row for it"),
    Fault("fee-rounding", "the fee of its row is rounded this way instead of half up", "down", r"down|up|even"),
    Fault("gbk-summary", "the summary has characters of GBK that are not in GB 2312"),
    Fault("file-zme", "the zip also contains a ZME file with one adjustment"),
    Fault("nested-reply", "replies carry a field with & and = inside of braces"),
    Fault("wrapped-reply", "replies are enclosed in braces"),
)
_BY_NAME = {fault.name: fault for fault in FAULTS}


def read_fault(text: str) -> tuple[str, str]:
    """Parse `name` or `name=value`. Raises UnknownFault."""
    name, equals, value = text.partition("=")
    fault = _BY_NAME.get(name)
    if fault is None:
        raise UnknownFault(f"unknown fault: {name}")
    if not equals:
        return name, fault.value
    if not re.fullmatch(fault.values, value) or not value:
        raise UnknownFault(f"{name}: invalid value")
    return name, value


def format_faults(faults: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" if value else name for name, value in faults.items()]


class FaultSwitches:
    """`everywhere`: for all transactions, also earlier ones. `upcoming`: for the next one that is accepted."""

    def __init__(self, everywhere: Iterable[str] = ()) -> None:
        self.everywhere = dict(map(read_fault, everywhere))
        self.upcoming: dict[str, str] = {}

    def take_upcoming(self) -> dict[str, str]:
        taken, self.upcoming = self.upcoming, {}
        return taken

    def active_for(self, own: Mapping[str, str]) -> Mapping[str, str]:
        """Return the faults of a transaction with these own faults."""
        return {**self.everywhere, **own}
