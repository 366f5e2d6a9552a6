"""Make a photograph small and free of metadata in a child process with limits: a small file may unpack to gigabytes."""

import asyncio
import resource
import struct
import sys
import warnings
from io import BytesIO
from typing import TYPE_CHECKING

from sync_contract.bulletin import MAX_PICTURE_BYTES
from volunteering.rules.highlights import Picture, PictureFault

if TYPE_CHECKING:
    from PIL import Image

MAX_UPLOAD_BYTES = 12 * 1024 * 1024
MAX_PIXELS = 40_000_000
"""Of the file, by its header, before anything is decoded."""
_CPU_S, _WALL_S, _MEMORY_BYTES = 10, 20.0, 1024 * 1024 * 1024
_LARGE, _SMALL = 1600, 640
"""Pixels of the longer side."""
_FORMATS = ("JPEG", "PNG", "WEBP")
_BAD, _BIG = 3, 4


async def shrink(content: bytes) -> Picture | PictureFault:
    """Return JPEGs of 1600 and 640 pixels, turned upright, without EXIF, position or thumbnail."""
    if len(content) > MAX_UPLOAD_BYTES:
        return PictureFault.too_large
    command = (sys.executable, "-m", "volunteering.highlights.picture_process")
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL)
    try:
        async with asyncio.timeout(_WALL_S):
            answer, _ = await child.communicate(content)
    except TimeoutError:
        return PictureFault.too_large
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode == _BAD:
        return PictureFault.unreadable
    if child.returncode != 0:
        return PictureFault.too_large
    (size,) = struct.unpack(">I", answer[:4])
    return Picture(answer[4 : 4 + size], answer[4 + size :])


def convert(content: bytes) -> Picture | PictureFault:
    """Do so in this process, which then holds the library."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        with Image.open(BytesIO(content), formats=_FORMATS) as opened:
            upright = ImageOps.exif_transpose(opened).convert("RGB")
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        return PictureFault.too_large
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return PictureFault.unreadable
    upright.thumbnail((_LARGE, _LARGE))
    large = _jpeg(upright, 82)
    upright.thumbnail((_SMALL, _SMALL))
    for quality in (78, 60, 40, 20):
        small = _jpeg(upright, quality)
        if len(small) <= MAX_PICTURE_BYTES:
            return Picture(large, small)
    return PictureFault.too_large


def _jpeg(image: "Image.Image", quality: int) -> bytes:
    """Write the pixels only: what else the file held (EXIF, ICC, XMP, comments) is not copied."""
    from PIL import Image as Images

    plain = Images.new("RGB", image.size)
    plain.paste(image)
    out = BytesIO()
    plain.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


def _main() -> int:
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S,) * 2)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    made = convert(sys.stdin.buffer.read())
    if isinstance(made, PictureFault):
        return _BAD if made is PictureFault.unreadable else _BIG
    sys.stdout.buffer.write(struct.pack(">I", len(made.large)) + made.large + made.small)
    return 0


if __name__ == "__main__":
    sys.exit(_main())
