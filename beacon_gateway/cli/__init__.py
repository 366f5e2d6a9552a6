"""Define the commands of beacon-gateway. The body of each is in commands/<command>.py and imported on use."""

import errno
import sys

from beacon_gateway.cli import settings, installation, diagnosis, radio, delivery, service  # isort: skip
from beacon_gateway.cli.options import app
from daemonkit.command_line import run_program

GROUPS = (settings, installation, diagnosis, radio, delivery, service)
"""Each registers its commands when it is imported; the help lists them in the order of the imports."""


def main() -> None:
    try:
        run_program(app, "beacon-gateway")
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        sys.exit(
            f"beacon-gateway: {error.strerror}; 磁盘满了,输出没有写完 the disk is full; the output is not complete"
        )
