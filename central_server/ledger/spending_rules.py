"""The rules that limit spending, as the settings state them."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class SpendingRules:
    """`fee_basis_points`: reserved of each payment until the bank's file contains it, in hundredths of a percent.

    A payee counts as new for `new_payee_for` after its first approved disbursement. The first one is approved at the
    earliest `new_payee_wait` after its request; while a payee is new, it gets at most `new_payee_minor` fen in total.
    """

    fee_basis_points: int
    new_payee_wait: timedelta
    new_payee_minor: int
    new_payee_for: timedelta = timedelta(days=30)
