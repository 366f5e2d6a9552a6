"""How long a screen without a touch keeps what somebody began on it."""

IDLE_S = 90
IDLE_WITH_CODE_S = 180
"""Seconds: somebody who looks for a phone and scans needs longer."""
