"""Make a plan in a child process."""

import asyncio
import os
import sys
from enum import StrEnum
from importlib.util import find_spec

import msgspec
import structlog

from volunteering.dispatch.child import NO_PLAN
from volunteering.dispatch.world import Plan, World

TIME_LIMIT_S = 90.0
"""More than both steps of the solver."""
_log = structlog.get_logger()


class NoPlanReason(StrEnum):
    not_installed = "not_installed"
    """The package beacon-central-dispatch is missing."""
    too_long = "too_long"
    failed = "failed"


async def make_plan(world: World) -> Plan | NoPlanReason:
    """Return the plan, or why there is none."""
    if find_spec("scipy") is None:
        return NoPlanReason.not_installed
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "volunteering.dispatch.child"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OPENBLAS_NUM_THREADS": "1"},
    )
    try:
        output, errors = await asyncio.wait_for(child.communicate(msgspec.json.encode(world)), TIME_LIMIT_S)
    except TimeoutError:
        return NoPlanReason.too_long
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode == NO_PLAN:
        return NoPlanReason.too_long
    if child.returncode:
        _log.error("volunteers.plan_failed", status=child.returncode, error=errors.decode(errors="replace")[-2000:])
        return NoPlanReason.failed
    return msgspec.json.decode(output, type=Plan)
