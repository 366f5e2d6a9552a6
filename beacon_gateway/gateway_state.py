"""Read the state of the running gateway: facts for monitoring, the report to the central server."""

import math
import time

from beacon_gateway.clock import read_clock
from beacon_gateway.components import Components, Giving, Presence
from beacon_gateway.donations.ports import StoreUnavailable
from beacon_gateway.model.gateway_facts import GatewayFacts
from beacon_gateway.resources import Resources
from beacon_gateway.sync.report import build_report
from sync_contract.gateway_report import GatewayReport

STALL_LIMIT_S = 90.0
"""More than the longest round of any stage: a long poll of 25 s and its network limits."""


async def gateway_facts(giving: Giving, presence: Presence, resources: Resources) -> GatewayFacts:
    """Read the facts for monitoring; a store that does not answer leaves out the parcels."""
    try:
        parcels = await resources.store.outbox.counts()
    except StoreUnavailable:
        parcels = {}
    fault, stuck = resources.store.database.fault(), resources.delivery_is_stuck()
    answered_at = resources.server.client.answered_at if resources.server else -math.inf
    return GatewayFacts(
        healthy=fault is None and not stuck,
        store_works=fault is None and bool(parcels),
        delivery_stuck=stuck,
        clock_trusted=read_clock().trusted,
        parcels=parcels,
        server_answer_age_s=time.monotonic() - answered_at if math.isfinite(answered_at) else None,
        catalogue_version=giving.offer.version,
        radio=presence.radios.scanner.read_status(),
        advert=presence.advert_status(),
        hall=presence.hall.status.state,
        beacons=presence.beacons,
        received=presence.driver.visits,
    )


async def gateway_report(components: Components, resources: Resources, started: float) -> GatewayReport:
    """Build the report to the central server. `started`: monotonic seconds. Raises StoreUnavailable."""
    presence, outbox = components.presence, resources.store.outbox
    return build_report(
        clock=read_clock(),
        epoch=await outbox.epoch(),
        uptime_s=time.monotonic() - started,
        hearing=presence.hearing(),
        radio=presence.radios.scanner.read_status(),
        advert=presence.advert_status(),
        parcels=await outbox.counts(),
        catalogue_version=components.giving.offer.version,
        hall=presence.hall.status.state,
        configuration=components.configuration,
        old_settings=bool(components.refused()),
    )
