"""Seconds without a touch after which a kiosk page returns to the first page, for the next person."""

IDLE_S = 90
IDLE_WITH_CODE_S = 180
"""Seconds: finding a phone and scanning takes longer."""
IDLE_CHECK_IN_S = 600
"""Seconds: a group arrives and scans without a touch."""
IDLE_AT_BANK_S = 900
"""Seconds while a phone is on the bank's page, which accepts a payment for as long."""
