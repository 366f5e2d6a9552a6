"""Estimate the number of different visitors with a HyperLogLog sketch, which stores no visitor.

P. Flajolet, É. Fusy, O. Gandouet, F. Meunier: HyperLogLog, the analysis of a near-optimal cardinality estimation
algorithm, AofA 2007. The estimate is O. Ertl's (New cardinality estimation algorithms for HyperLogLog sketches,
arXiv:1702.01284, section 4), which needs neither thresholds nor tables.

A visitor becomes a cell: a register and a rank. Sketches merge by the greatest rank of each register: hours merge to
days and beacons to communities, and each visitor counts once.
"""

import hashlib
import math
from collections.abc import Mapping

BITS = 12
REGISTERS = 1 << BITS
"""The standard error is 1.04 / sqrt(4096) = 1.6 %."""
_REST = 64 - BITS
Cell = tuple[int, int]
"""register, rank (1 to 53)"""


def cell(salt: bytes, visitor: bytes) -> Cell:
    """`salt`: 16 to 64 random bytes. When it is forgotten, no cell can be linked to a visitor."""
    digest = int.from_bytes(hashlib.blake2b(visitor, digest_size=8, key=salt).digest(), "big")
    rest = digest & ((1 << _REST) - 1)
    return digest >> _REST, _REST - rest.bit_length() + 1


def estimate(registers: Mapping[int, int]) -> int:
    """`registers`: how many registers of the sketch have which rank; missing ones are empty."""
    counts = [0] * (_REST + 2)
    for rank, number in registers.items():
        counts[rank] = number
    counts[0] = REGISTERS - sum(counts[1:])
    if counts[0] == REGISTERS:
        return 0
    z = REGISTERS * _tau(1 - counts[_REST + 1] / REGISTERS)
    for rank in range(_REST, 0, -1):
        z = 0.5 * (z + counts[rank])
    z += REGISTERS * _sigma(counts[0] / REGISTERS)
    return round(REGISTERS * REGISTERS / (2 * math.log(2) * z))


def _sigma(x: float) -> float:
    """Ertl's equation 12."""
    if x == 1:
        return math.inf
    y, z = 1.0, x
    while True:
        x *= x
        before = z
        z += x * y
        y += y
        if z == before:
            return z


def _tau(x: float) -> float:
    """Ertl's equation 16."""
    if x in (0, 1):
        return 0.0
    y, z = 1.0, 1 - x
    while True:
        x = math.sqrt(x)
        before = z
        y *= 0.5
        z -= (1 - x) ** 2 * y
        if z == before:
            return z / 3
