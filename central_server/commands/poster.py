"""beacon-central poster: make a poster or stickers for a beacon."""

import asyncio
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from central_server.catalogue.contact_lookup import ContactLookup
from central_server.catalogue.poster_content import load_poster_content
from central_server.commands import store_selection
from central_server.commands.exit_codes import CONFIGURATION, FAILURE
from central_server.errors import CentralError
from central_server.settings import Settings
from central_server.state_files import StateRefused
from central_server.store.catalogue import beacons
from central_server.store.engine.database import StoreRefused, StoreUnavailable
from daemonkit.files import write_atomically
from daemonkit.toml import ConfigRefused, load
from kiosk_ui.help_views import ContactPage
from kiosk_ui.paper.beacon_address import AddressRefused
from kiosk_ui.paper.poster import Paper, PosterFacts, poster_pdf
from kiosk_ui.paper.typesetting import TypesettingUnavailable
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind
from sync_contract.strict_model import Environment, Language


class PosterRefused(CentralError):
    """Nothing to print; the message says why."""


@dataclass(frozen=True, slots=True)
class PosterRequest:
    """`project`: "" for the one bound to the beacon; `phone`: None for the one published there."""

    uuid: str
    major: int
    minor: int
    paper: Paper
    languages: tuple[str, ...]
    project: str = ""
    phone: str | None = None


def run(config: Path, state: Path, request: PosterRequest, file: Path) -> int:
    try:
        settings = load(config, Settings)
        languages = tuple(Language(each) for each in request.languages)
        beacon = BeaconId(UUID(request.uuid), request.major, request.minor)
        facts = asyncio.run(_facts(settings, state, request, beacon))
        content = poster_pdf(facts, request.paper, languages)
        write_atomically(file, content, mode=0o644)
    except (ConfigRefused, StateRefused, StoreRefused) as error:
        print(error, file=sys.stderr)
        return CONFIGURATION
    except AddressRefused as error:
        print(f"{config}: {error}", file=sys.stderr)
        return CONFIGURATION
    except (PosterRefused, TypesettingUnavailable, StoreUnavailable, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return FAILURE
    print(f"{file}: {request.paper}, {facts.project.title.zh_hans} / {facts.project.title.en}")
    return 0


async def _facts(settings: Settings, state: Path, request: PosterRequest, beacon: BeaconId) -> PosterFacts:
    """Raises PosterRefused."""
    environment = settings.site.environment
    async with store_selection.open_checked(settings, state) as database, database.read() as connection:
        same = await beacons.same(connection, [beacon])
        if not same:
            raise PosterRefused(
                f"{beacon}: no such beacon is in the catalogue; add it on the staff's page or import it"
            )
        beacon_record = min(same, key=lambda each: each.id)  # the one that phones and posters use
        if beacon_record.kind is BeaconKind.person:
            raise PosterRefused(f"{beacon} is a person's tag; posters are for place beacons only")
        content = await load_poster_content(connection, beacon_record, request.project, datetime.now(UTC), environment)
        site = settings.site
        call = ContactLookup(ContactPage(site.contact_phone, site.contact_name, site.contact_hours))
        phone = (await call.at(connection, content.place)).phone if request.phone is None else request.phone
    facts = content.facts(beacon_record, environment, _public(settings), phone)
    if facts is None:
        offered = ", ".join(project.id for project in content.projects) or "none"
        raise PosterRefused(f"{beacon}: no such project is offered now; give --project, one of: {offered}")
    return facts


def _public(settings: Settings) -> str:
    """Return the public address; in a drill the listening address replaces a missing one."""
    content = settings.server.public_url
    if content or settings.site.environment is not Environment.drill:
        return content
    return f"http://{settings.server.host}:{settings.server.port}"
