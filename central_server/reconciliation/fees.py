"""What a bank should keep of a gift, where the contract with it says so."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FeeRule:
    """`basis_points`: hundredths of a percent, rounded half up to whole fen; None: any fee up to the amount will do."""

    basis_points: int | None = None

    def fits(self, amount_minor: int, fee_minor: int) -> bool:
        if self.basis_points is None:
            return 0 <= fee_minor <= amount_minor
        return fee_minor == self.expected(amount_minor)

    def expected(self, amount_minor: int) -> int | None:
        """Fen; None when nothing was agreed."""
        return None if self.basis_points is None else (amount_minor * self.basis_points + 5000) // 10000


ANY = FeeRule()
