"""Exit codes of every command, as sysexits.h has them."""

FAILURE = 1
USAGE = 2
TRY_AGAIN = 75
CONFIGURATION = 78
