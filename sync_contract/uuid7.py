"""Identities that are created where a record originates: UUIDv7 (RFC 9562) as 32 hexadecimal digits.

Without hyphens an id is also a legal UnionPay orderId (8 to 32 letters and digits).
The time in it has no meaning: order comes from (epoch, n).
"""

import re
from functools import lru_cache
from typing import Annotated

import msgspec
import uuid_utils
from pydantic import StringConstraints

_ID, _SHORT_ID = r"^[0-9a-f]{32}$", r"^[0-9a-f]{16}$"
Id = Annotated[str, StringConstraints(pattern=_ID), msgspec.Meta(extra_json_schema={"pattern": _ID})]
"""msgspec takes the pattern for its JSON Schema only: a struct checks it in `__post_init__`."""
GatewayId = Annotated[str, StringConstraints(pattern=_SHORT_ID)]
"""Eight random bytes, created with the device key on a gateway's first start."""
Epoch = Annotated[str, StringConstraints(pattern=_SHORT_ID), msgspec.Meta(extra_json_schema={"pattern": _SHORT_ID})]
"""Eight random bytes, created with the gateway's store; a restored or cloned card creates new ones."""

match_id = re.compile(_ID[1:-1]).fullmatch
match_repeated_id = lru_cache(256)(match_id)
"""For an id that most records of a batch share."""
match_epoch = lru_cache(256)(re.compile(_SHORT_ID[1:-1]).fullmatch)


def new_id() -> str:
    """Return a new UUIDv7 as 32 hexadecimal digits."""
    return uuid_utils.uuid7().hex
