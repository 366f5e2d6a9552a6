"""Download each picture of the catalogue once, and check it against its signed checksum."""

import asyncio
from collections.abc import Callable

import structlog

from beacon_gateway.sync.central_client import CentralClient
from beacon_gateway.sync.ports import PictureStore
from daemonkit.event_wait import wait_for_event

log = structlog.get_logger()
_RETRY_EVERY_S = 600.0
_PROGRESS_S = 25.0


async def download_pictures(
    central: CentralClient,
    pictures: PictureStore,
    *,
    wanted: asyncio.Event,
    stored: Callable[[], None],
    progress: Callable[[], None],
) -> None:
    """Run until cancelled. `wanted` is set when the catalogue changed; `stored` is called for each new picture.

    Raises CentralUnreachable, StoreUnavailable.
    """
    while True:
        wanted.clear()
        for picture in pictures.missing():
            progress()
            content = await central.fetch_picture(picture)
            if pictures.store(picture, content):
                stored()
                log.info("picture.stored", project=picture.project)
            else:
                log.warning("picture.refused", project=picture.project, size=len(content))
        waited_s = 0.0
        while waited_s < _RETRY_EVERY_S:
            progress()
            if await wait_for_event(wanted, _PROGRESS_S):
                break
            waited_s += _PROGRESS_S
