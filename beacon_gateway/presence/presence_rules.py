"""Parameters of presence and choice; the TOML may change each of them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PresenceRules:
    """Zones and their edges. Metres, seconds, dB."""

    immediate_m: float = 1.5
    near_m: float = 4.0
    path_loss_exponent: float = 2.2
    """RSSI falls by 10 x exponent x log10(metres): 2 in the open, 3 and more through a crowd."""
    dwell_s: float = 1.0
    """Seconds of clear evidence before a nearer zone is accepted; from far to near, 1.8 times as many."""
    retreat_s: float = 3.5
    """The same for a farther zone: longer, because a body in between looks like distance (0.5 to 3 s)."""
    exit_s: float = 10.0
    """Minimum silence that ends a visit; longer for a beacon with measured long gaps."""
    unknown_counts_as_near: bool = False
    """A place beacon received without RSSI (zone unknown) counts as near."""

    adapter_losses: tuple[tuple[str, float], ...] = ()
    """(adapter, dB that it receives below the best one), from the calibration; others are learned."""

    def __post_init__(self) -> None:
        if not 0 < self.immediate_m < self.near_m:
            raise ValueError("immediate_m must be more than 0 and less than near_m")
        if min(self.path_loss_exponent, self.dwell_s, self.retreat_s, self.exit_s) <= 0:
            raise ValueError("path_loss_exponent, dwell_s, retreat_s and exit_s must be more than 0")


@dataclass(frozen=True, slots=True)
class ChoiceRules:
    """When another project replaces the shown one. Seconds, dB."""

    hold_s: float = 3.0
    """Seconds of clear evidence before a nearer beacon takes over, 0.4 times as many for a person's tag, more after
    recent changes."""
    stay_s: float = 3.0
    """A project stays this long after its beacon was near."""
    margin_db: float = 3.0
    """A beacon is nearer when it is louder by more than this (each measured against its power at 1 m)."""
