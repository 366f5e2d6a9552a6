"""Define the exit codes of commands, as in sysexits.h, and map errors to them."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from central_server.state_files import StateRefused
from central_server.store.engine.database import StoreRefused, StoreUnavailable
from daemonkit.toml import ConfigRefused

P = ParamSpec("P")
FAILURE = 1
USAGE = 2
TRY_AGAIN = 75
CONFIGURATION = 78


def prints_errors(*failures: type[Exception]) -> Callable[[Callable[P, int]], Callable[P, int]]:
    """Make a command print expected errors: return 78 for bad settings or state, 1 for `failures`, a missing
    database and OSError.
    """

    expected: tuple[type[Exception], ...] = (StoreUnavailable, OSError, *failures)

    def decorate(command: Callable[P, int]) -> Callable[P, int]:
        @wraps(command)
        def run(*args: P.args, **kwargs: P.kwargs) -> int:
            try:
                return command(*args, **kwargs)
            except (ConfigRefused, StoreRefused, StateRefused) as error:
                print(error, file=sys.stderr)
                return CONFIGURATION
            except expected as error:
                print(error, file=sys.stderr)
                return FAILURE

        return run

    return decorate
