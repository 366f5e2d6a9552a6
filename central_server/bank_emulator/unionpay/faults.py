"""The switches of a drill: what goes wrong, for the next transaction or for all.

Imports nothing: the command line lists them before anything is started.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


class UnknownFault(ValueError):
    """No such switch, or not such a value."""


@dataclass(frozen=True, slots=True)
class Fault:
    """`value`: what it has when none is given; `values`: which it may have (an expression)."""

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
    Fault("foreign-certificate", "the notification is signed rightly, under another authority of the same names"),
    Fault("expired-certificate", "the notification is signed with a certificate that has expired"),
    Fault("wrong-name", "the notification is signed with somebody else's certificate of the same authority"),
    Fault("reply-bad-signature", "a synchronous reply's signature is broken"),
    Fault("reply-foreign-certificate", "a reply is signed rightly, under another authority of the same names"),
    Fault("reply-expired-certificate", "a reply is signed with a certificate that has expired"),
    Fault("reply-wrong-name", "a reply is signed with somebody else's certificate of the same authority"),
    Fault("query-03-04-00", "the first query says 03, the second 04, later ones the truth"),
    Fault("query-34", "so many queries find nothing", "3", r"[1-9][0-9]{0,3}"),
    Fault("a6", "paid, but with respCode A6"),
    Fault("front-forged", "a donor who failed or left brings home a success signed by a stranger"),
    Fault("ebank-late", "an e-bank payment (0201) completes after payTimeout, with this code", "42", r"42|00"),
    Fault("refund-fails", "a refund is accepted and then fails, unannounced"),
    Fault("file-unknown-row", "the file has a row that nobody ordered"),
    Fault("file-missing-row", "the file has no row for it"),
    Fault("fee-rounding", "the fee of its row is rounded so instead of half up", "down", r"down|up|even"),
    Fault("gbk-summary", "the summary has characters of GBK that GB 2312 has not"),
    Fault("file-zme", "the zip also holds a ZME file with one adjustment"),
    Fault("nested-reply", "replies carry a field with & and = inside of braces"),
    Fault("wrapped-reply", "replies stand in braces as a whole"),
)
_BY_NAME = {fault.name: fault for fault in FAULTS}


def read_fault(text: str) -> tuple[str, str]:
    """`name` or `name=value`. Raises UnknownFault."""
    name, equals, value = text.partition("=")
    fault = _BY_NAME.get(name)
    if fault is None:
        raise UnknownFault(f"no such fault: {name}")
    if not equals:
        return name, fault.value
    if not re.fullmatch(fault.values, value) or not value:
        raise UnknownFault(f"{name} takes no such value")
    return name, value


def written(faults: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" if value else name for name, value in faults.items()]


class Switches:
    """`everywhere`: for all transactions, also those before. `upcoming`: for the next one that is accepted."""

    def __init__(self, everywhere: Iterable[str] = ()) -> None:
        self.everywhere = dict(map(read_fault, everywhere))
        self.upcoming: dict[str, str] = {}

    def take(self) -> dict[str, str]:
        taken, self.upcoming = self.upcoming, {}
        return taken

    def among(self, own: Mapping[str, str]) -> Mapping[str, str]:
        """What holds for a transaction with faults of its own."""
        return {**self.everywhere, **own}
