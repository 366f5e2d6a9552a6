"""Accept voucher files: the content decides about the type, and the name must match it."""

import hashlib
from datetime import datetime

from central_server.store.ledger.vouchers import Voucher
from daemonkit.web import Upload

MAX_BYTES = 5 * 1024 * 1024
ENDINGS = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}
_ALSO = {"jpeg": "jpg"}


def matches_name(ending: str, kind: str) -> bool:
    """Return whether a name with this ending fits the type."""
    return _ALSO.get(ending, ending) == ENDINGS[kind]


def detect_content_type(content: bytes) -> str | None:
    """Return `application/pdf`, `image/png` or `image/jpeg`; None for other and for truncated files."""
    if content.startswith(b"%PDF-") and b"%%EOF" in content[-2048:]:
        return "application/pdf"
    if content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR" and b"IEND" in content[-12:]:
        return "image/png"
    if content.startswith(b"\xff\xd8\xff") and content.rstrip(b"\0")[-2:] == b"\xff\xd9":
        return "image/jpeg"
    return None


def read_voucher(file: Upload | None, community: str, by: str, now: datetime) -> Voucher | None:
    """Return the uploaded voucher; None without a file, or for one that is too large or of another type."""
    if file is None or not 0 < len(file.content) <= MAX_BYTES:
        return None
    kind = detect_content_type(file.content)
    if kind is None or not matches_name(file.ending, kind):
        return None
    digest = hashlib.sha256(file.content).hexdigest()
    return Voucher(digest, community, kind, len(file.content), file.content, added_at=now, added_by=by)
