"""Compose the animated walk-through: screen and phone side by side, with the touches."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

SIZE = (960, 540)
MAX_BYTES = 1_500_000
_HALL, _CASE, _ACCENT = "#efe4d0", "#2b211b", "#c63f25"
_SCREEN = (36, 48, 36 + 660, 48 + 412)
_PHONE = (744, 58, 744 + 180, 58 + 370)
_LONG_MS, _SHORT_MS, _FADE_MS, _FADES = 1700, 550, 70, 3
TOUCHED = {
    "turned": "main .button.main",
    "project": "main .button.main",
    "amount": ".pick[value='3000']",
    "phone-gift": "main form button",
    "phone-bank": "form button",
}
"""What the finger touches next, by shot."""
ORDER = ("attract", "turned", "project", "amount", "handoff", "phone-gift", "phone-bank", "thanks", "phone-paid")


@dataclass(frozen=True)
class Shot:
    """`touch`: where, in parts of the picture's width and height."""

    picture: Image.Image
    touch: tuple[float, float] | None


class Film:
    """Takes shots in any order, and plays them in the order of the walk."""

    def __init__(self) -> None:
        self._shots: dict[str, Shot] = {}

    def take(self, name: str, content: bytes, touch: tuple[float, float] | None) -> None:
        if name in ORDER:
            self._shots.setdefault(name, Shot(Image.open(io.BytesIO(content)).convert("RGB"), touch))

    def write(self, file: Path, *, limit: int = MAX_BYTES) -> None:
        """Write the film. Raises ValueError when a shot is missing or the film has more than `limit` bytes."""
        if missing := [name for name in ORDER if name not in self._shots]:
            raise ValueError(f"never seen: {', '.join(missing)}")
        frames = [*self._frames()]
        made = io.BytesIO()
        frames[0][0].save(
            made,
            "WEBP",
            save_all=True,
            append_images=[frame for frame, _ in frames[1:]],
            duration=[ms for _, ms in frames],
            loop=0,
            quality=86,
            method=4,
        )
        if len(made.getvalue()) > limit:
            raise ValueError(f"the film has {len(made.getvalue())} bytes; {limit} are allowed")
        file.write_bytes(made.getvalue())

    def _frames(self) -> Iterator[tuple[Image.Image, int]]:
        """Each still, then the touch, then over to the next."""
        screen = phone = last = None
        for name in ORDER:
            shot = self._shots[name]
            on_phone = name.startswith("phone-")
            screen, phone = (screen, shot.picture) if on_phone else (shot.picture, phone)
            still = _composed(screen, phone)
            if last is not None:
                for step in range(1, _FADES + 1):
                    yield Image.blend(last, still, step / (_FADES + 1)), _FADE_MS
            yield still, _LONG_MS
            if shot.touch is not None:
                yield _touched(still, _PHONE if on_phone else _SCREEN, shot.touch), _SHORT_MS
            last = still


def _composed(screen: Image.Image | None, phone: Image.Image | None) -> Image.Image:
    frame = Image.new("RGB", SIZE, _HALL)
    draw = ImageDraw.Draw(frame)
    for (left, top, right, bottom), case, picture in ((_SCREEN, 16, screen), (_PHONE, 10, phone)):
        draw.rounded_rectangle((left - case, top - case, right + case, bottom + case), case + 4, fill=_CASE)
        if picture is not None:
            frame.paste(picture.resize((right - left, bottom - top), Image.Resampling.LANCZOS), (left, top))
    middle = (_SCREEN[0] + _SCREEN[2]) // 2
    draw.rectangle((middle - 50, _SCREEN[3] + 16, middle + 50, SIZE[1] - 28), fill=_CASE)  # it stands on the floor
    draw.rounded_rectangle((middle - 130, SIZE[1] - 30, middle + 130, SIZE[1] - 18), 6, fill=_CASE)
    return frame


def _touched(still: Image.Image, place: tuple[int, int, int, int], at: tuple[float, float]) -> Image.Image:
    frame = still.copy()
    left, top, right, bottom = place
    x, y = left + at[0] * (right - left), top + at[1] * (bottom - top)
    ring = Image.new("RGBA", SIZE, (0, 0, 0, 0))
    draw = ImageDraw.Draw(ring)
    draw.ellipse((x - 24, y - 24, x + 24, y + 24), fill=(198, 63, 37, 90), outline=_ACCENT, width=4)
    frame.paste(ring, (0, 0), ring)
    return frame
