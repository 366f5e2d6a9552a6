"""Check the server for beacon-central doctor: database, backups, bank, mail, gateways."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from central_server.backups import backup_files, sqlite_file
from central_server.backups.backup import Source
from central_server.backups.sqlite_file import FileRefused
from central_server.banks.port import CredentialsRefused
from central_server.banks.registry import BANKS, BankAccount
from central_server.enrolment.gateway_status import GatewayStatus, survey
from central_server.receipts.sealed_data import Seal
from central_server.settings import Settings
from central_server.state_files import RECEIPTS_KEY
from central_server.store.alerts import alerts
from central_server.store.engine import postgresql
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database, StoreRefused, StoreUnavailable, open_database
from central_server.store.engine.schema import find_revision, newest_revision
from central_server.store.families import sealed_keys
from central_server.store.places.places import TOP
from daemonkit.findings import Finding, fault, note, ok
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.strict_model import Environment

_ROOTS = Path("/etc/beacon-central/credentials")
"""Where systemd takes credentials from (systemd/beacon-central-*.conf); for root alone."""


async def database(source: Source) -> tuple[Finding, bool]:
    """Check the database; also return whether it can be queried further."""
    if source.kind == "sqlite" and not source.file.exists():
        return note("database", "none yet: the first start makes it"), False
    try:
        if source.kind == "sqlite":
            if damage := await asyncio.to_thread(sqlite_file.fault, source.file):
                newest = backup_files.newest(source.state)
                which = newest[0] if newest else "BACKUP.tar"
                remedy = ("sudo systemctl stop beacon-central", f"beacon-central restore {which} --yes")
                return fault("database", f"{source.file} is damaged: {damage}", *remedy), False
            found = sqlite_file.revision(source.file)
        else:
            found = await _on_postgresql(source.url)
    except (FileRefused, StoreRefused, StoreUnavailable) as error:
        return fault("database", str(error)), False
    kind = "SQLite, sound" if source.kind == "sqlite" else "PostgreSQL answers"
    known = newest_revision()
    if found == known:
        return ok("database", f"{kind}, schema {found}"), True
    if found < known:
        text = f"{kind}, schema {found or 'none'}; this program's is {known}"
        return note("database", text, "beacon-central migrate"), False
    text = f"{kind}, but schema {found} is newer than this program, which knows up to {known}"
    return fault("database", text, "install the newer program again, or restore an older backup"), False


async def _on_postgresql(url: str) -> str:
    engine = postgresql.engine(url, 1)
    try:
        async with Database(engine, url).read() as connection:
            await connection.run_sync(postgresql.check_durability)
            return await connection.run_sync(find_revision) or ""
    finally:
        await engine.dispose()


def backup(source: Source, now: datetime) -> Finding:
    newest = backup_files.newest(source.state)
    if newest is None:
        if source.kind == "postgresql":
            return note("backup", "none here; the operator backs up PostgreSQL", "docs/operating.md")
        if not source.file.exists():
            return note("backup", "none yet, and nothing to back up")
        return fault("backup", "there is none", "beacon-central backup", "a running server makes one each night")
    age = now - newest[1]
    made_at = f"{newest[1].astimezone(OFFICIAL_TIME):%Y-%m-%d %H:%M}"
    if age < timedelta(minutes=-5):
        return fault("backup", f"the newest is of {made_at}, later than this machine's clock", "timedatectl")
    if age > backup_files.LATEST:
        remedy = ("beacon-central backup", "journalctl -u beacon-central -g backup")
        return fault("backup", f"the newest is of {made_at}, {age.days * 24 + age.seconds // 3600} hours ago", *remedy)
    return ok("backup", f"the newest is of {made_at}; is a copy on another machine?")


def public_address(settings: Settings) -> Finding:
    url, real = settings.server.public_url, settings.site.environment is Environment.real
    if url.startswith("https://"):
        return ok("address", url)
    text = f"{url or '[server] public_url is empty'}: phones and gateways need https:// and a name"
    return fault("address", text, "[server] public_url") if real else note("address", text)


async def bank(settings: Settings, given: Path | None, now: datetime) -> Finding:
    """Check the bank's credentials, without a request to the bank."""
    configured = settings.bank
    if configured.kind == "link":
        return ok("bank", f"link: donors go to {configured.link_url}")
    if configured.kind == "sandbox" and not configured.url:
        return note("bank", "sandbox, for drills; its address is given at start with --bank-url")
    folder = _credentials(settings, given)
    try:
        async with BANKS[configured.kind](BankAccount(configured, settings.site.environment, folder)) as opened:
            ends = [end for end in opened.expiring(now)]
    except CredentialsRefused as error:
        if folder.is_dir() and not os.access(folder, os.R_OK | os.X_OK):
            return note("bank", f"{configured.kind}; only root can read {folder}", "sudo beacon-central doctor")
        start_drill_bank = "sudo systemctl enable --now beacon-drill-bank"
        return fault(
            "bank",
            f"{configured.kind}: {error}",
            start_drill_bank if configured.kind == "sandbox" else "docs/banks.md",
        )
    if ends:
        return fault("bank", f"{configured.kind}: {ends[0].file} ends on {ends[0].until.date()}", "docs/banks.md")
    return ok("bank", f"{configured.kind}, its keys are readable in {folder}")


def _credentials(settings: Settings, given: Path | None) -> Path:
    return given or Path(settings.bank.credentials or os.environ.get("CREDENTIALS_DIRECTORY", "") or _ROOTS)


def mail(settings: Settings) -> Iterator[Finding]:
    configured = settings.mail
    if not configured.host:
        yield note("mail", "none: alerts are sent only by WeCom (企业微信)", "[mail] in central.toml")
    elif configured.password_file and not os.access(configured.password_file, os.R_OK):
        yield fault("mail", f"{configured.password_file} cannot be read", "[mail] password_file in central.toml")
    else:
        yield ok("mail", f"by {configured.host}:{configured.port} from {configured.sender}")


def volunteers(settings: Settings) -> Iterator[Finding]:
    """Check how messages reach volunteers' telephones, without sending one."""
    part, section = settings.volunteering, "[volunteering.messages] in central.toml"
    if not part.enabled:
        return
    messages = part.messages
    if messages.kind == "screen":
        yield note("volunteers", "codes are shown on the page and no message is sent: for a drill only", section)
    elif messages.kind == "mail":
        yield ok("volunteers", f"messages by the mail server to {messages.mail_address}")
    elif messages.secret_file and not os.access(messages.secret_file, os.R_OK):
        yield fault("volunteers", f"{messages.secret_file} cannot be read", f"secret_file, {section}")
    else:
        yield ok("volunteers", f"messages by {urlsplit(messages.url).netloc}; send a code to your own telephone")


async def database_findings(source: Source, settings: Settings, now: datetime) -> AsyncIterator[Finding]:
    """Check the contents of a database with the current schema."""
    async with open_database(source.url, connections=1) as opened, opened.read() as connection:
        yield await _donors(connection, source, settings)
        yield await _recipients(connection, settings)
        yield await _gateways(connection, now)


async def _donors(connection: Connection, source: Source, settings: Settings) -> Finding:
    keys = await sealed_keys.counts(connection)
    count = sum(keys.values())
    for key in (_credentials(settings, None) / RECEIPTS_KEY, source.state / RECEIPTS_KEY):
        if os.access(key, os.R_OK) and set(keys) <= {Seal(key.read_bytes(), key).fingerprint}:
            return ok("receipts", f"{key} opens the data of {count} people; is a copy of it elsewhere?")
    if not keys:
        return note("receipts", "no receipts.key yet: the server makes it at its first start")
    text = f"no {RECEIPTS_KEY} that opens the data of {count} people: the server does not start without"
    return fault("receipts", text, f"your copy of it, as {source.state / RECEIPTS_KEY}", "docs/privacy.md, The seal")


async def _recipients(connection: Connection, settings: Settings) -> Finding:
    if found := len(await alerts.channels(connection, [TOP])):
        return ok("alerts", f"{found} {'recipient' if found == 1 else 'recipients'} configured")
    text = "no recipients: nobody gets a message when a gateway is silent or money differs"
    remedy = "staff pages, Alerts, Alert recipients"
    real = settings.site.environment is Environment.real
    return fault("alerts", text, remedy) if real else note("alerts", text, remedy)


async def _gateways(connection: Connection, now: datetime) -> Finding:
    every = await survey(connection, [TOP], now)
    late = [each.gateway.label or each.gateway.id for each in every if each.status is GatewayStatus.late]
    up = sum(each.status is GatewayStatus.up for each in every)
    if late:
        names = ", ".join(late[:3]) + (f" and {len(late) - 3} more" if len(late) > 3 else "")
        return fault("gateways", f"{up} heard lately, {len(late)} silent: {names}", "staff pages, Gateways")
    return ok("gateways", f"{up} heard lately") if every else note("gateways", "none is enrolled yet")
