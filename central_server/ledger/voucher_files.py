"""Which files may be vouchers: told by what is in them, and by a name that says the same."""

MOST_OCTETS = 5 * 1024 * 1024
ENDINGS = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}
_ALSO = {"jpeg": "jpg"}


def is_called(ending: str, kind: str) -> bool:
    """Whether a name with this ending says what the file is."""
    return _ALSO.get(ending, ending) == ENDINGS[kind]


def kind_of(content: bytes) -> str | None:
    """`application/pdf`, `image/png`, `image/jpeg`, or None for anything else, and for files that are cut off."""
    if content.startswith(b"%PDF-") and b"%%EOF" in content[-2048:]:
        return "application/pdf"
    if content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR" and b"IEND" in content[-12:]:
        return "image/png"
    if content.startswith(b"\xff\xd8\xff") and content.rstrip(b"\0")[-2:] == b"\xff\xd9":
        return "image/jpeg"
    return None
