"""Accept voucher files: the content decides about the type, and the name must match it."""

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
