"""Pictures follow the catalogue: each is fetched once, checked against its signed sum, and kept."""

import asyncio
from collections.abc import Callable

import structlog

from beacon_gateway.sync.central_client import Central
from beacon_gateway.sync.ports import PictureStore

log = structlog.get_logger()
LOOK_AGAIN_S = 600.0


async def pull_pictures(
    central: Central,
    album: PictureStore,
    *,
    wanted: asyncio.Event,
    hung: Callable[[], None],
    progress: Callable[[], None],
) -> None:
    """Runs until cancelled; raises CentralUnreachable, StoreUnavailable.

    `wanted` is set when another catalogue was taken; `hung` is called when a picture came.
    """
    while True:
        wanted.clear()
        for picture in album.missing():
            progress()
            octets = await central.picture(picture)
            if album.keep(picture, octets):
                hung()
                log.info("picture.kept", project=picture.project)
            else:
                log.warning("picture.refused", project=picture.project, octets=len(octets))
        waited = 0.0
        while waited < LOOK_AGAIN_S and not wanted.is_set():
            progress()
            try:
                async with asyncio.timeout(25):
                    await wanted.wait()
            except TimeoutError:
                waited += 25
