"""beacon-central gateway: register and invite gateways."""

import asyncio
import re
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import segno

from central_server.commands.exit_codes import FAILURE, prints_errors
from central_server.commands.store_selection import SERVICE, open_configured
from central_server.enrolment import enrolment_codes
from central_server.enrolment.gateways import EnrolmentRefused, register
from central_server.settings import ServerSettings, Settings
from central_server.state_files import catalogue_key
from central_server.store.accounts import audit_trail
from central_server.store.accounts.audit_actions import GatewayInvited
from central_server.store.accounts.audit_trail import COMMAND_LINE, AuditEntry
from central_server.store.engine.connection import Connection
from central_server.store.enrolment import gateways
from central_server.store.enrolment.gateways import Gateway
from central_server.store.places import places
from central_server.store.places.places import PlaceKind
from daemonkit.state_owner import become_owner, make_state_folder
from daemonkit.toml import load
from sync_contract.enrolment import Invitation, fingerprint, group_code
from sync_contract.keys import public_text
from sync_contract.project import Texts

_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class InviteRequest:
    """The gateway to invite: an existing one by id, or a new one by community and label. `site`: a place or ""."""

    gateway: str
    community: str
    label: str
    site: str

    def faults(self) -> str:
        if self.gateway:
            known = _ID.fullmatch(self.gateway) and not (self.community or self.label or self.site)
            return "" if known else "--gateway is an id of 16 hexadecimal digits, without other options"
        if not 1 <= len(self.community) <= 64 or not 1 <= len(self.label) <= 120:
            return "give --gateway ID, or --community (1 to 64 characters) and --label (1 to 120)"
        return ""


@prints_errors(EnrolmentRefused, ValueError)
def add(config: Path, state: Path, gateway: str, public: str, community: str, label: str) -> int:
    if not _ID.fullmatch(gateway) or not 1 <= len(community) <= 64 or len(label) > 120:
        print("expected a gateway id of 16 hexadecimal digits, a community of 1 to 64 characters", file=sys.stderr)
        return FAILURE
    make_state_folder(state, SERVICE)
    become_owner(state)
    asyncio.run(_add(config, state, gateway, public, community, label or gateway))
    print(public_text(catalogue_key(state).public_key()))
    return 0


@prints_errors(EnrolmentRefused, ValueError)
def invite(config: Path, state: Path, request: InviteRequest, url: str, *, only_text: bool) -> int:
    """Print a one-time code; `only_text`: only the content of the QR code."""
    if fault := request.faults():
        raise EnrolmentRefused(fault)
    url = _address(config, url)
    make_state_folder(state, SERVICE)
    become_owner(state)
    gateway, code, ends_at = asyncio.run(_invite(config, state, request))
    invitation = Invitation(url, code, fingerprint(catalogue_key(state).public_key()))
    if only_text:
        print(invitation.text())
    else:
        _print_invitation(gateway, invitation, ends_at)
    return 0


def _address(config: Path, url: str) -> str:
    """Raises ConfigRefused, ValueError."""
    address = ServerSettings(public_url=url).public_url
    address = address or (load(config, Settings).server.public_url if config.exists() else "")
    if not address:
        raise ValueError("give --url, or set [server] public_url: the address at which gateways reach this server")
    return address


async def _add(config: Path, state: Path, gateway: str, public: str, community: str, label: str) -> None:
    async with open_configured(config, state) as database:
        await register(database, gateway, public, community, label, datetime.now(UTC), _first_name(config))


async def _invite(config: Path, state: Path, request: InviteRequest) -> tuple[Gateway, str, datetime]:
    now = datetime.now(UTC)
    async with open_configured(config, state) as database, database.write() as connection:
        gateway = await _requested_gateway(connection, request, now, _first_name(config))
        code = await enrolment_codes.make_code(connection, gateway, COMMAND_LINE, now)
        line = AuditEntry(COMMAND_LINE, gateway.community, GatewayInvited(gateway.id, gateway.label), now)
        await audit_trail.record(connection, line)
    return gateway, code, now + enrolment_codes.CODE_LIFETIME


def _first_name(config: Path) -> Texts | None:
    """Return the name of the server's first community. Raises ConfigRefused."""
    return load(config, Settings).site.community if config.exists() else None


async def _requested_gateway(
    connection: Connection, request: InviteRequest, now: datetime, first_name: Texts | None
) -> Gateway:
    """Raises EnrolmentRefused."""
    if request.gateway:
        known = await gateways.get(connection, request.gateway)
        if known is None:
            raise EnrolmentRefused(f"there is no gateway {request.gateway}")
        return known
    await places.plant_community(connection, request.community, now, first_name)
    site = await places.get(connection, request.site) if request.site else None
    if request.site and (site is None or site.kind is not PlaceKind.site or site.parent != request.community):
        raise EnrolmentRefused(f"{request.site} is no site of {request.community}")
    return await enrolment_codes.add_gateway(connection, request.community, request.label, request.site or None, now)


def _print_invitation(gateway: Gateway, invitation: Invitation, ends_at: datetime) -> None:
    print(f"网关 gateway: {gateway.label} ({gateway.id})")
    print(f"在设备上运行 run on the device:\n  beacon-gateway enrol {invitation.url} {group_code(invitation.code)}")
    print(f"服务器指纹 fingerprint: {group_code(invitation.fingerprint)}")
    print(f"只能用一次,有效到 good once, until: {ends_at.astimezone():%H:%M:%S}")
    if sys.stdout.isatty():
        segno.make(invitation.text(), error="m").terminal(compact=True)
