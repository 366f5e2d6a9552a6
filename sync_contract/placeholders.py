"""Find the placeholders of the shipped settings files: where gifts are real, nothing may lead to them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

_MARK = re.compile(r"请填写|請填寫|\(fill in\)")
_DEMO_TEXT = re.compile(r"演[练練](?:收款|慈善会（虚构）|区域|-).*|Drill payee.*|0595-0000 0000")
_UUIDS = frozenset({"1ae1b83f-2b0d-41d8-8486-e4a5492b2ec0", "7e3e8993-1098-40d2-922e-c99d59e588b7"})
_EXAMPLE_HOST = re.compile(
    r"(?:[a-z]+://)?(?:[^\s/@]*[.@])?(?:example|example\.(?:com|net|org)|test|invalid)(?::[0-9]+)?(?:[/?#]\S*)?",
    re.IGNORECASE,
)
"""A URL, host or mail address below a name that is reserved for examples (RFC 2606)."""


class PlaceholderKind(StrEnum):
    text = "text"
    uuid = "uuid"
    host = "host"


_REASONS: Mapping[PlaceholderKind, str] = {
    PlaceholderKind.text: (
        "是随软件附带的占位文字,请填写真实的内容 is a placeholder of the shipped file: write the real text"
    ),
    PlaceholderKind.uuid: (
        "是随软件附带的示例 UUID,请换成自己的(命令 uuidgen 可生成) "
        "is the example UUID of the shipped file: use your own (uuidgen generates one)"
    ),
    PlaceholderKind.host: ("是示例地址,请写真实的地址 is an address reserved for examples: write the real one"),
}


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A placeholder at a key path of a document."""

    at: tuple[str | int, ...]
    kind: PlaceholderKind
    value: str

    @property
    def reason(self) -> str:
        """The fault and its remedy, in Chinese and English."""
        return _REASONS[self.kind]


def classify_placeholder(text: str) -> PlaceholderKind | None:
    """Return the kind of a placeholder; None for any other text."""
    if _MARK.search(text) or _DEMO_TEXT.fullmatch(text):
        return PlaceholderKind.text
    if text.lower() in _UUIDS:
        return PlaceholderKind.uuid
    return PlaceholderKind.host if _EXAMPLE_HOST.fullmatch(text) else None


def has_placeholder(values: Iterable[str]) -> bool:
    """Return whether one of the typed values is a placeholder."""
    return any(classify_placeholder(" ".join(text.split())) for text in values)


def find_placeholders(document: object, at: tuple[str | int, ...] = ()) -> Iterator[Placeholder]:
    """Yield the placeholders in a document of tables, arrays and values, in its order."""
    match document:
        case str() if (kind := classify_placeholder(document)) is not None:
            yield Placeholder(at, kind, document)
        case Mapping():
            for key, value in document.items():
                yield from find_placeholders(value, (*at, key))
        case list():
            for number, value in enumerate(document):
                yield from find_placeholders(value, (*at, number))
