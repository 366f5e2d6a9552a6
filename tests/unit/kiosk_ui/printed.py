"""Read a printed page back: text, fonts, size and codes."""

from ctypes import create_string_buffer
from dataclasses import dataclass

import pypdfium2  # type: ignore[import-untyped]  # it has no types
import zxingcpp
from PIL.Image import Image
from pypdfium2 import raw

MM = 72 / 25.4
"""Points in a millimetre."""


@dataclass(frozen=True)
class Printed:
    """`text` without spaces and line ends; sizes in whole millimetres; `faces`: name, and whether it is embedded."""

    pages: int
    size: tuple[int, int]
    text: str
    faces: frozenset[tuple[str, bool]]
    document: pypdfium2.PdfDocument

    def picture(self, dpi: int) -> Image:
        made: Image = self.document[0].render(scale=dpi / 72).to_pil()
        return made

    def as_printed(self, text: str) -> tuple[float, bool]:
        """Size in points where `text` first stands, and whether its last character is seen."""
        words = self.document[0].get_textpage()
        first, count = words.search(text).get_next()
        left, bottom, right, top = words.get_charbox(first + count - 1)
        high = self.document[0].get_height()
        seen = (
            self.picture(144)
            .convert("L")
            .crop((int(2 * left), int(2 * (high - top)), int(2 * right), int(2 * (high - bottom))))
        )
        return raw.FPDFText_GetFontSize(words.raw, first), min(seen.tobytes()) < 80

    def overlapped(self, text: str) -> bool:
        """Whether any other character of the first page lies in the place of `text`, at any of its places."""
        words = self.document[0].get_textpage()
        boxes = [words.get_charbox(number) for number in range(words.count_chars())]
        search = words.search(text)
        while (hit := search.get_next()) is not None:
            first, count = hit
            lefts, bottoms, rights, tops = zip(*boxes[first : first + count], strict=True)
            left, bottom, right, top = min(lefts), min(bottoms), max(rights), max(tops)
            for number, (west, south, east, north) in enumerate(boxes):
                outside = west >= right or east <= left or south >= top or north <= bottom or east == west
                if not first <= number < first + count and not outside:
                    return True
        return False


def printed(content: bytes) -> Printed:
    document = pypdfium2.PdfDocument(content)
    page = document[0]
    width, height = page.get_size()
    text = "".join(page.get_textpage().get_text_bounded().split())
    return Printed(len(document), (round(width / MM), round(height / MM)), text, frozenset(_faces(page)), document)


def codes(picture: Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(picture)]


def found(picture: Image) -> dict[tuple[int, int, int, int], str]:
    """The same by where they are: left, top, right, bottom in pixels."""
    result = {}
    for each in zxingcpp.read_barcodes(picture):
        at = each.position
        result[at.top_left.x, at.top_left.y, at.bottom_right.x, at.bottom_right.y] = each.text
    return result


def _faces(page: pypdfium2.PdfPage) -> set[tuple[str, bool]]:
    found = set()
    for each in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT]):
        font = raw.FPDFTextObj_GetFont(each)
        name = create_string_buffer(100)
        raw.FPDFFont_GetBaseFontName(font, name, 100)
        found.add((name.value.decode().partition("+")[2], bool(raw.FPDFFont_GetIsEmbedded(font))))
    return found
