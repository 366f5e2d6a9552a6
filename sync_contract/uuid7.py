"""Identities made where a thing is born: UUIDv7 (RFC 9562) as 32 hexadecimal digits.

Without hyphens an id is at once a legal UnionPay orderId (8 to 32 letters and digits).
The time in it is decoration: order comes from (epoch, n).
"""

from typing import Annotated

import uuid_utils
from pydantic import StringConstraints

Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
GatewayId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
"""Eight random bytes made with the device key on a gateway's first start."""
Epoch = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
"""Eight random bytes made with the gateway's store; a restored or cloned card makes new ones."""


def new_id() -> str:
    """A fresh UUIDv7 as 32 hexadecimal digits."""
    return uuid_utils.uuid7().hex
