"""The bank's fee agreed for a gift, as stated in the contract."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FeeRule:
    """`basis_points`: hundredths of a percent, rounded half up to whole fen. None: accept any fee up to the amount."""

    basis_points: int | None = None

    def fits(self, amount_minor: int, fee_minor: int) -> bool:
        if self.basis_points is None:
            return 0 <= fee_minor <= amount_minor
        return fee_minor == self.expected(amount_minor)

    def expected(self, amount_minor: int) -> int | None:
        """Return fen, None if nothing is agreed."""
        return None if self.basis_points is None else (amount_minor * self.basis_points + 5000) // 10000


ANY_FEE = FeeRule()
