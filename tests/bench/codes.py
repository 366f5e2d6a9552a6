"""How small a ticket's QR code may be in a phone's picture: level L against M, under blur, glare and a tilt.

Two readers that share no code with the writer (segno): ZXing-C++ and ZBar (Debian: zbar-tools). All symbols have the
same side, as on the screen, so a symbol with more modules has smaller ones. A row is one symbol; a figure is the least
side in pixels, quiet zone included, from which the reader reads at least nine pictures of ten. Smaller is better: a
phone reads it from further away.
"""

import argparse
import random
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import segno
import zxingcpp
from PIL import Image, ImageChops, ImageDraw, ImageFilter

SIDES = range(60, 361, 6)
"""Sides of the symbol in the picture, in pixels."""
PICTURES = 10
_NEEDED = 9
_SCALE = 6
_SURROUNDINGS = 200
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


@dataclass(frozen=True, slots=True)
class Condition:
    """`blur`: sigma in pixels of the picture. `glare`: radius of a white spot as a share of the side. `tilt`: as a
    share of the side, by how much the far edge is shorter.
    """

    name: str
    blur: float = 0.6
    glare: float = 0.0
    tilt: float = 0.0


CONDITIONS = (
    Condition("sharp"),
    Condition("blur 1.2", blur=1.2),
    Condition("blur 2", blur=2.0),
    Condition("tilt", tilt=0.25),
    Condition("glare 6%", glare=0.06),
    Condition("glare 10%", glare=0.10),
)


def symbol(host: str, characters: int, level: Literal["L", "M"], chance: random.Random) -> tuple[str, Image.Image]:
    """Return the name of the symbol and its picture."""
    ticket = "".join(chance.choices(_LETTERS, k=characters))
    segments: Any = [("https://", None), (f"{host}/T/{ticket}", None)]  # segno's types omit segments
    code = segno.make_qr(segments, error=level, boost_error=False)
    png = BytesIO()
    code.save(png, kind="png", scale=_SCALE, border=4)
    return f"{code.designator:>4} {code.symbol_size(border=0)[0]} modules", Image.open(png).convert("L")


def photograph(picture: Image.Image, side: int, condition: Condition, chance: random.Random) -> Image.Image:
    """Return the symbol as a phone's camera takes it, on the darker surface around the screen's page."""
    spot = _glare(picture.size[0], condition.glare, chance)
    lit = ImageChops.lighter(picture, spot) if condition.glare else picture
    turned = _tilt(lit, condition.tilt).rotate(
        chance.uniform(-8, 8), Image.Resampling.BICUBIC, expand=True, fillcolor=_SURROUNDINGS
    )
    share = turned.size[0] / picture.size[0]
    small = turned.resize((round(side * share), round(side * share)), Image.Resampling.BOX)
    scene = Image.new("L", (side * 3 // 2, side * 3 // 2), _SURROUNDINGS)
    scene.paste(small, (side // 6 + chance.randint(-3, 3), side // 6 + chance.randint(-3, 3)))
    noise = Image.effect_noise(scene.size, 16)
    return ImageChops.add(scene.filter(ImageFilter.GaussianBlur(condition.blur)), noise, 1, -128)


def _glare(side: int, share: float, chance: random.Random) -> Image.Image:
    spot = Image.new("L", (side, side), 0)
    x, y, radius = chance.uniform(0.25, 0.75) * side, chance.uniform(0.25, 0.75) * side, share * side
    ImageDraw.Draw(spot).ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return spot.filter(ImageFilter.GaussianBlur(radius / 3))


def _tilt(picture: Image.Image, share: float) -> Image.Image:
    side = picture.size[0]
    matrix = (1, -share / 2, 0, 0, 1 - share, 0, 0, -share / side)
    return picture.transform(
        picture.size, Image.Transform.PERSPECTIVE, matrix, Image.Resampling.BICUBIC, fillcolor=_SURROUNDINGS
    )


def read_zxing(picture: Image.Image) -> bool:
    return any(zxingcpp.read_barcodes(picture))


def read_zbar(picture: Image.Image) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture.pgm"
        picture.save(path)
        command = ["zbarimg", "--quiet", "--raw", "--set", "disable", "--set", "qrcode.enable", str(path)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


def least_side(
    host: str, characters: int, level: Literal["L", "M"], condition: Condition, read: Callable[[Image.Image], bool]
) -> int | None:
    """Return the least side that is read, by bisection; None if the largest is not."""
    first, last = 0, len(SIDES)
    while first < last:
        middle = (first + last) // 2
        chance = random.Random(f"{SIDES[middle]} {condition.name}")
        pictures = (symbol(host, characters, level, chance)[1] for _ in range(PICTURES))
        count = sum(read(photograph(picture, SIDES[middle], condition, chance)) for picture in pictures)
        first, last = (first, middle) if count >= _NEEDED else (middle + 1, last)
    return SIDES[first] if first < len(SIDES) else None


def cases() -> Iterator[tuple[str, int]]:
    """Yield host and length: of a touched project behind a short host, and of the longest ticket behind a long one."""
    yield "GIVE.EXAMPLE.ORG", 180
    yield "G" * 40, 220


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--reader", choices=("zxing", "zbar"), default="zxing")
    read = {"zxing": read_zxing, "zbar": read_zbar}[arguments.parse_args().reader]
    print(f"{'host':>4} {'ticket':>6}  {'symbol':<16}", *(f"{each.name:>9}" for each in CONDITIONS))
    for host, characters in cases():
        for level in ("L", "M"):
            name, _ = symbol(host, characters, level, random.Random(0))
            sides = (least_side(host, characters, level, each, read) for each in CONDITIONS)
            print(f"{len(host):>4} {characters:>6}  {name:<16}", *(f"{side or '-':>9}" for side in sides), flush=True)


if __name__ == "__main__":
    main()
