"""Find gateways that run older software than this server, or that show an older catalogue than the published one."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version

from central_server.catalogue.catalogue_version import number_at
from central_server.enrolment.gateway_status import SurveyedGateway
from central_server.store.catalogue import catalogues
from central_server.store.engine.connection import Connection

_FETCHED_WITHIN = timedelta(minutes=10)
"""Gateways fetch a new catalogue within a minute and report it within another one."""


@dataclass(frozen=True, slots=True)
class Outdated:
    """`software`: the gateway's older version, "" if it is not older. `catalogue`: its number, None if current."""

    software: str
    catalogue: int | None


async def find_outdated(
    connection: Connection, surveyed: Collection[SurveyedGateway], now: datetime
) -> Mapping[str, Outdated]:
    """Return by gateway what is older than it should be; gateways without a report are not judged."""
    newest = await catalogues.newest_versions(connection, {each.gateway.community for each in surveyed})
    own = version("beacon-gateway")
    settled = number_at(now - _FETCHED_WITHIN)
    found = {}
    for each in surveyed:
        if each.report is None:
            continue
        published = newest.get(each.gateway.community, 0)
        shown = each.report.catalogue_version
        older = is_older(each.report.version, own)
        behind = shown < published <= settled
        if older or behind:
            found[each.gateway.id] = Outdated(each.report.version if older else "", shown if behind else None)
    return found


def is_older(reported: str, own: str) -> bool:
    """Compare the release numbers at the start of both versions: `0.9.2+git` is older than `0.10`."""
    return _release(reported) < _release(own)


def _release(text: str) -> tuple[int, ...]:
    found = re.match(r"[0-9]+(?:\.[0-9]+)*", text)
    return tuple(map(int, found[0].split("."))) if found else ()
