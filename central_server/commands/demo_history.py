"""beacon-central demo-history: record a year of made-up use, so that the pages of a drill look as in use."""

import asyncio
import random
from datetime import UTC, datetime
from pathlib import Path

from central_server.catalogue.settings_seed import seed_catalogue
from central_server.commands.exit_codes import prints_errors
from central_server.commands.store_selection import open_checked
from central_server.demo_families import DemoFamilies
from central_server.demo_history import DemoHistory
from central_server.errors import CentralError, PartUnavailable
from central_server.parts import DrillContext, load_parts
from central_server.receipts.sealed_data import open_seal
from central_server.settings import Settings
from central_server.state_files import catalogue_key
from central_server.store.engine.database import Database
from central_server.store.engine.part_schema import migrate_part
from central_server.store.enrolment import gateways
from central_server.store.enrolment.gateways import Gateway
from central_server.store.parcels import parcels
from central_server.store.places import places
from central_server.store.places.places import TOP
from daemonkit.toml import load
from sync_contract.strict_model import Environment

MONTHS = 11
"""Before the days, with gifts and help only: a year in all."""


class HistoryRefused(CentralError):
    """Nothing was recorded. The message is for the operator."""


@prints_errors(HistoryRefused, PartUnavailable)
def run(config: Path, state: Path, days: int, seed: int) -> int:
    gifts = asyncio.run(record_history(load(config, Settings), state, days, seed))
    print(f"{days} days with {gifts} made-up gifts recorded; seed {seed}")
    return 0


async def record_history(settings: Settings, state: Path, days: int, seed: int) -> int:
    """Return the number of gifts. Raises HistoryRefused, PartUnavailable, StoreRefused, StoreUnavailable."""
    if settings.site.environment is not Environment.drill:
        raise HistoryRefused("site.environment is real: a made-up history is for a drill only")
    now = datetime.now(UTC)
    bound = {entry.beacon: entry.project for entry in settings.bindings}
    async with open_checked(settings, state) as database:
        gateway = await _only_gateway(database)
        async with database.write() as connection:
            await places.rename(connection, gateway.community, settings.site.community)
        await seed_catalogue(database, settings.projects, bound, now, own_site=settings.bank.own_site)
        seal = await open_seal(database, state, None)
        draw = random.Random(seed)  # noqa: S311 - made-up figures, no secret
        history = DemoHistory(
            database,
            gateway,
            tuple(project for project in settings.projects if project.permit),
            next(iter(bound), None),
            settings.bank.kind,
            catalogue_key(state),
            DemoFamilies(seal, gateway.community, draw),
            draw,
        )
        gifts = await history.record(days, now, months=MONTHS)
        for part in load_parts(settings):
            await migrate_part(database, part.schema)
            await part.fill_drill(DrillContext(database, seal, gateway.community, now))
    return gifts


async def _only_gateway(database: Database) -> Gateway:
    """Return the gateway of a store without records. Raises HistoryRefused."""
    async with database.read() as connection:
        known = await gateways.every(connection, [TOP])
        if len(known) != 1:
            raise HistoryRefused(f"the history needs exactly one gateway, and there are {len(known)}")
        if await parcels.numbered(connection, [TOP]):
            raise HistoryRefused("there are records already; a made-up history goes into an empty store only")
    return known[0]
