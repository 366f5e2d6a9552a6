"""Open the resources of the central server, build its pages and services, run its stages until it is stopped."""

import asyncio
import secrets
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import structlog
from aiohttp import web

from central_server import jobs
from central_server.alerts.channels import open_senders
from central_server.api.webhooks.sender import deliver, open_sender
from central_server.backups.backup import BackupFailed, Source
from central_server.backups.backup_files import before_migration, overdue
from central_server.banks.port import BankUnavailable
from central_server.banks.registry import BANKS, BankAccount
from central_server.catalogue.phrase_process import divide
from central_server.catalogue.publication import Divide
from central_server.parts import Part, PartJob, load_parts
from central_server.public.health import STALL_S
from central_server.reconciliation.nightly import NightlyRun
from central_server.server_options import RateLimits, ServerOptions, ServerTimings
from central_server.server_services import Resources, ServerContext, Services, build, webhook_rules
from central_server.settings import Settings
from central_server.state_files import claim_state, program_secret
from central_server.store.engine.database import StoreUnavailable, open_database, sqlite_url
from central_server.store.engine.installation import claim_environment
from central_server.store.engine.part_schema import migrate_part
from central_server.store.engine.process_events import Topic
from daemonkit.sd_notify import Notifier
from daemonkit.supervise import supervise
from daemonkit.watchdog import feed_watchdog
from daemonkit.web import guarded_app, serving

_log = structlog.get_logger()
_TIMINGS, _LIMITS = ServerTimings(), RateLimits()
_SWITCH_INTERVAL_S = 0.0005
"""A tenth of Python's default: the store's threads get the interpreter sooner while requests are read."""


async def run(
    settings: Settings,
    options: ServerOptions,
    stop: asyncio.Event,
    *,
    ready: Callable[[str], None] = lambda url: None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    timings: ServerTimings = _TIMINGS,
    limits: RateLimits = _LIMITS,
    make_app: Callable[..., web.Application] = guarded_app,
    divide: Divide = divide,
    load: Callable[[Settings], tuple[Part, ...]] = load_parts,
) -> None:
    """Serve until `stop`; call `ready` with the address. `divide`: see Publication; `load` returns the
    optional parts that are on.

    Raises StoreRefused, StateRefused, CredentialsRefused, PartUnavailable, OSError when it cannot start.
    """
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    context = ServerContext(settings, options, now, limits, divide, load(settings))
    notifier = Notifier.from_environment()
    async with AsyncExitStack() as stack:
        resources = await open_resources(stack, context)
        services = await build(context, resources, make_app)
        url = await stack.enter_async_context(serving(services.app, settings.server.host, options.port))
        context.address.set_default(url)
        holder = secrets.token_hex(8)
        stack.push_async_callback(jobs.give_back, resources.database, holder)
        async with asyncio.TaskGroup() as stages:
            running = Stages(stages, context, resources, services, holder, timings).start_stages()
            running.append(stages.create_task(feed_watchdog(notifier, context.health, stall_limit_s=STALL_S)))
            ready(url)
            notifier.ready(url=url, status=f"serving at {url}")
            _log.info("server.ready", url=url, environment=context.environment.value)
            await stop.wait()
            notifier.stopping()
            for task in running:
                task.cancel()


async def open_resources(stack: AsyncExitStack, context: ServerContext) -> Resources:
    settings, options = context.settings, context.options
    store = options.store or sqlite_url(options.state / "central.db")
    source = Source(store, options.state, options.settings_file, context.environment)
    before = before_migration(source)
    opening = open_database(store, connections=options.connections, before_migration=before)
    database = await stack.enter_async_context(opening)
    for part in context.parts:
        await migrate_part(database, part.schema, before)
    await claim_environment(database, context.environment.value)
    claim_state(options.state, context.environment.value)
    account = BankAccount(
        settings.bank.at(options.bank_url), context.environment, options.bank_credentials, context.now
    )
    bank = await stack.enter_async_context(BANKS[settings.bank.kind](account))
    sender = open_sender(database, webhook_rules(settings), program_secret(options.state))
    return Resources(
        source,
        database,
        bank,
        await stack.enter_async_context(sender),
        await stack.enter_async_context(open_senders(settings.alerts, settings.mail)),
    )


@dataclass(frozen=True, slots=True)
class Stages:
    """The periodic jobs of this process; `holder` names it in leases."""

    group: asyncio.TaskGroup
    context: ServerContext
    resources: Resources
    services: Services
    holder: str
    timings: ServerTimings

    def start_stages(self) -> list[asyncio.Task[None]]:
        database, context, services = self.resources.database, self.context, self.services
        health, now, holder, later = context.health, context.now, self.holder, self.timings.startup_delay_s
        environment = context.environment.value
        topics = {Topic.gifts: context.changes, Topic.sync_log: context.news}
        sender, backups = self.resources.webhook_sender, (database, self.resources.backup_source)
        return [
            self._start(
                "changes", lambda: jobs.watch_changes(database, topics, health=health), cap=5.0, essential=True
            ),
            self._start("bank", self._ask_bank, also=(BankUnavailable,)),
            self._start(
                "webhooks", lambda: deliver(sender, environment=environment, health=health, holder=holder, clock=now)
            ),
            self._start("figures", lambda: jobs.count_figures(database, health=health, holder=holder, clock=now)),
            self._start("alerts", self._watch_alerts, delay_s=later),
            self._start(
                "people",
                lambda: jobs.forget_people(services.receipts, services.thank_you, clock=now),
                cap=300.0,
                delay_s=later,
            ),
            self._start("visitors", lambda: jobs.forget_visitors(database, clock=now), cap=300.0, delay_s=later),
            self._start("gifts", lambda: jobs.forget_gifts(database, clock=now), cap=300.0, delay_s=later),
            self._start("passes", lambda: jobs.forget_passes(database, clock=now), cap=300.0, delay_s=later),
            self._start("reconciliation", self._reconcile, delay_s=later),
            self._start("publication", self._publish),
            self._start(
                "backups",
                lambda: jobs.keep_backups(*backups, holder=holder, clock=now),
                cap=1800.0,
                also=(BackupFailed,),
                delay_s=later,
            ),
            self._start("salts", lambda: jobs.keep_salts(database, services.salts, clock=now, health=health), cap=60.0),
            self.group.create_task(jobs.forward_changes(context.changes, context.news)),
            *(self._start(job.name, partial(self._repeat, job), cap=60.0, delay_s=later) for job in services.part_jobs),
        ]

    def _start(
        self,
        name: str,
        work: Callable[[], Awaitable[None]],
        *,
        cap: float = 30.0,
        also: tuple[type[Exception], ...] = (),
        delay_s: float = 0.0,
        essential: bool = False,
    ) -> asyncio.Task[None]:
        """An essential stage is one that pages and gateways depend on: an unexpected error of it ends the process."""
        errors: tuple[type[Exception], ...] = (StoreUnavailable, *also)

        async def start() -> None:
            await asyncio.sleep(delay_s)
            await supervise(
                name, work, restart_on=errors, health=self.context.health, cap=cap, background=not essential
            )

        return self.group.create_task(start(), name=name)

    async def _repeat(self, job: PartJob) -> None:
        database, clock = self.resources.database, self.context.now
        await jobs.repeat(database, job.name, job.work, holder=self.holder, clock=clock, every_s=job.every_s)

    async def _ask_bank(self) -> None:
        await jobs.ask_bank(
            self.resources.database,
            self.services.queries,
            self.services.refunds,
            holder=self.holder,
            clock=self.context.now,
            health=self.context.health,
            every_s=self.timings.bank_every_s,
        )

    async def _watch_alerts(self) -> None:
        await jobs.watch_alerts(
            self.resources.database,
            self.services.staff.notifier,
            self.services.staff.morning,
            self.context.environment,
            self.resources.bank.expiring,
            lambda at: overdue(self.resources.backup_source, at),
            failing=lambda: self.context.health.degraded(STALL_S),
            health=self.context.health,
            holder=self.holder,
            clock=self.context.now,
            of_parts=[part.find_tasks for part in self.context.parts],
        )

    async def _reconcile(self) -> None:
        nightly = NightlyRun(self.resources.bank, self.services.reconciling)
        every_s = self.timings.reconcile_every_s
        await jobs.reconcile(
            self.resources.database, nightly, holder=self.holder, clock=self.context.now, every_s=every_s
        )

    async def _publish(self) -> None:
        context, publisher = self.context, self.services.publisher
        await jobs.publish_ledger(
            self.resources.database, publisher, health=context.health, holder=self.holder, clock=context.now
        )
