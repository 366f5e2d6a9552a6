"""`python -m volunteering.dispatch.child`: read a world as JSON from stdin, write its plan as JSON to stdout.

A process of its own: the solver's libraries take 160 MB while it runs, and the server nothing. Exit code 3: there is
no plan in the time allowed.
"""

import sys

import msgspec

from volunteering.dispatch.world import World

NO_PLAN = 3


def main() -> int:
    from volunteering.dispatch.solver import NoPlan, solve

    world = msgspec.json.decode(sys.stdin.buffer.read(), type=World)
    try:
        plan = solve(world)
    except NoPlan:
        return NO_PLAN
    sys.stdout.buffer.write(msgspec.json.encode(plan))
    return 0


if __name__ == "__main__":
    sys.exit(main())
