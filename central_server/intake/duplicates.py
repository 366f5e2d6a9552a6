"""Compares a parcel with the one that was accepted earlier under the same id: a duplicate, or a conflict."""

from sync_contract.records import Parcel, Receipt
from sync_contract.wire_record import InvalidRecord, decode

Verdict = tuple[Receipt, str]
"""A receipt and its reason."""
ACCEPTED: Verdict = (Receipt.accepted, "")
_DUPLICATE: Verdict = (Receipt.duplicate, "")
_CONFLICT: Verdict = (Receipt.conflict, "other_content")


def compare(parcel: Parcel, earlier: Parcel | bytes) -> Verdict:
    """Return the verdict on a parcel whose id is known. Values are compared, not bytes. `earlier`: bytes are JSON."""
    if isinstance(earlier, bytes):
        try:
            earlier = decode(Parcel, earlier)
        except InvalidRecord:
            return _CONFLICT
    return _DUPLICATE if parcel == earlier else _CONFLICT
