"""Compose one sheet of all screens per size for docs/kiosk.md, from the gallery."""

import io
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from playwright.async_api import Browser

from kiosk_ui.display_preferences import Theme
from kiosk_ui.surface import Surface
from sync_contract.strict_model import Language
from tests.browser.gallery import gallery
from tests.browser.layout import SIZES

COLOURS = 256
"""Of a picture's palette: half of the octets, and hardly an eye sees it."""
_WALL, _INK, _GAP, _LABEL = "#8a8078", "#ffffff", 14, 26
_KIOSK = (
    "attract-progress", "turned-progress", "projects", "project-progress", "amount", "keypad", "handoff-typed",
    "handoff-opened", "handoff-link", "handoff-closed", "thanks", "board", "verify", "help", "contact", "help-phone",
    "privacy", "display", "project-closed", "notice-out_of_service",
)  # fmt: skip
_PHONE = (
    "hall", "giving", "gift", "handover", "handover-code", "waiting", "own-slip", "proof", "slip", "board", "code",
    "contact", "shown-closed", "notice",
)  # fmt: skip
SHEETS = {
    "screens-1280x800": (Surface.kiosk, _KIOSK, "kiosk", Language.zh_hans, Theme.light, 480, 4),
    "screens-800x480": (Surface.kiosk, _KIOSK, "small", Language.en, Theme.contrast, 480, 4),
    "screens-1080x1920": (Surface.kiosk, _KIOSK, "portrait", Language.zh_hant, Theme.dark, 270, 10),
    "screens-phone": (Surface.phone, _PHONE, "phone", Language.zh_hans, Theme.light, 270, 7),
}
"""By file: surface, screens, size, language, colours, width of each in the sheet, how many in a row."""


async def write_sheets(browser: Browser, folder: Path) -> None:
    async with gallery() as url:
        for file, (surface, names, size, language, theme, width, across) in SHEETS.items():
            shots = {}
            context = await browser.new_context(
                viewport={"width": SIZES[size][0], "height": SIZES[size][1]}, has_touch=True, is_mobile=True
            )
            page = await context.new_page()
            for name in names:
                await page.goto(f"{url}/{surface}/{name}/{language}?theme={theme}")
                shots[name] = await page.screenshot(animations="disabled")
            await context.close()
            path = folder / f"{file}.png"
            path.write_bytes(small(_sheet(shots, width, across)))
            print(path)


def small(picture: Image.Image) -> bytes:
    """As PNG, with few colours."""
    made = io.BytesIO()
    few = picture.convert("RGB").quantize(COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.save(made, "PNG", optimize=True)
    return made.getvalue()


def _sheet(shots: dict[str, bytes], width: int, across: int) -> Image.Image:
    pictures = {name: _narrow(content, width) for name, content in shots.items()}
    height = max(picture.height for picture in pictures.values()) + _LABEL + _GAP
    rows = -(-len(pictures) // across)
    sheet = Image.new("RGB", (across * (width + _GAP) + _GAP, rows * height + _GAP), _WALL)
    pen = ImageDraw.Draw(sheet)
    for number, (name, picture) in enumerate(pictures.items()):
        left, top = _GAP + number % across * (width + _GAP), _GAP + number // across * height
        pen.text((left, top + 4), name.replace("_", " "), fill=_INK, font=ImageFont.load_default(15))
        sheet.paste(picture, (left, top + _LABEL))
    return sheet


def _narrow(content: bytes, width: int) -> Image.Image:
    picture = Image.open(io.BytesIO(content)).convert("RGB")
    return picture.resize((width, picture.height * width // picture.width), Image.Resampling.LANCZOS)
