"""beacon-central gateway"""

import asyncio
import re
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import segno

from central_server.commands.exit_codes import CONFIGURATION, FAILURE
from central_server.commands.store_selection import open_database, store_url
from central_server.enrolment import enrolment_codes
from central_server.enrolment.gateways import EnrolmentRefused, register
from central_server.settings import ServerSettings, Settings
from central_server.state_files import StateRefused, catalogue_key
from central_server.store.accounts import audit_trail
from central_server.store.accounts.audit_trail import COMMAND_LINE, AuditLine
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import StoreRefused, StoreUnavailable
from central_server.store.enrolment import gateways
from central_server.store.enrolment.gateways import Gateway
from central_server.store.places import places
from central_server.store.places.places import PlaceKind
from daemonkit.toml import ConfigRefused, load
from sync_contract.enrolment import Invitation, fingerprint, grouped
from sync_contract.keys import public_text

_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Wish:
    """Whom to invite: a gateway by its id, or a new one by its community and label. `site`: empty, or a place."""

    gateway: str
    community: str
    label: str
    site: str

    def faults(self) -> str:
        if self.gateway:
            known = _ID.fullmatch(self.gateway) and not (self.community or self.label or self.site)
            return "" if known else "--gateway is an id of 16 hexadecimal digits, and stands alone"
        if not 1 <= len(self.community) <= 64 or not 1 <= len(self.label) <= 120:
            return "say --gateway ID, or --community (1 to 64 characters) and --label (1 to 120)"
        return ""


def add(config: Path, state: Path, gateway: str, public: str, community: str, label: str) -> int:
    if not _ID.fullmatch(gateway) or not 1 <= len(community) <= 64 or len(label) > 120:
        print("expected a gateway id of 16 hexadecimal digits, a community of 1 to 64 characters", file=sys.stderr)
        return FAILURE
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        asyncio.run(_add(store_url(config, state), gateway, public, community, label or gateway))
        print(public_text(catalogue_key(state).public_key()))
    except (ConfigRefused, StoreRefused, StateRefused) as error:
        print(error, file=sys.stderr)
        return CONFIGURATION
    except (EnrolmentRefused, StoreUnavailable, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return FAILURE
    return 0


def invite(config: Path, state: Path, wish: Wish, url: str, *, only_text: bool) -> int:
    """Print a one-time code; `only_text`: nothing but what the QR holds."""
    try:
        if fault := wish.faults():
            raise EnrolmentRefused(fault)
        url = _address(config, url)
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        gateway, code, ends_at = asyncio.run(_invite(store_url(config, state), wish))
        invitation = Invitation(url, code, fingerprint(catalogue_key(state).public_key()))
    except (ConfigRefused, StoreRefused, StateRefused) as error:
        print(error, file=sys.stderr)
        return CONFIGURATION
    except (EnrolmentRefused, StoreUnavailable, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return FAILURE
    if only_text:
        print(invitation.text())
    else:
        _tell(gateway, invitation, ends_at)
    return 0


def _address(config: Path, url: str) -> str:
    """Raises ConfigRefused, ValueError."""
    told = ServerSettings(public_url=url).public_url
    told = told or (load(config, Settings).server.public_url if config.exists() else "")
    if not told:
        raise ValueError("say --url, or [server] public_url: where gateways reach this server")
    return told


async def _add(url: str, gateway: str, public: str, community: str, label: str) -> None:
    async with open_database(url) as database:
        await register(database, gateway, public, community, label, datetime.now(UTC))


async def _invite(url: str, wish: Wish) -> tuple[Gateway, str, datetime]:
    now = datetime.now(UTC)
    async with open_database(url) as database, database.write() as connection:
        gateway = await _wished(connection, wish, now)
        code = await enrolment_codes.make_code(connection, gateway, COMMAND_LINE, now)
        line = AuditLine(COMMAND_LINE, gateway.community, "gateway.invite", gateway.id, f"label: {gateway.label}", now)
        await audit_trail.record(connection, line)
    return gateway, code, now + enrolment_codes.LASTS


async def _wished(connection: Connection, wish: Wish, now: datetime) -> Gateway:
    """Raises EnrolmentRefused."""
    if wish.gateway:
        known = await gateways.get(connection, wish.gateway)
        if known is None:
            raise EnrolmentRefused(f"there is no gateway {wish.gateway}")
        return known
    await places.plant_community(connection, wish.community, now)
    site = await places.get(connection, wish.site) if wish.site else None
    if wish.site and (site is None or site.kind is not PlaceKind.site or site.parent != wish.community):
        raise EnrolmentRefused(f"{wish.site} is no site of {wish.community}")
    return await enrolment_codes.add_gateway(connection, wish.community, wish.label, wish.site or None, now)


def _tell(gateway: Gateway, invitation: Invitation, ends_at: datetime) -> None:
    print(f"网关 gateway: {gateway.label} ({gateway.id})")
    print(f"在设备上运行 run on the device:\n  beacon-gateway enrol {invitation.url} {grouped(invitation.code)}")
    print(f"服务器指纹 fingerprint: {grouped(invitation.fingerprint)}")
    print(f"只能用一次,有效到 good once, until: {ends_at.astimezone():%H:%M:%S}")
    if sys.stdout.isatty():
        segno.make(invitation.text(), error="m").terminal(compact=True)
