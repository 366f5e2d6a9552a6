"""Describe the operations of programs with a personal token, and the public figures."""

from collections.abc import Mapping

from pydantic import BaseModel

from central_server.api import list_records
from central_server.api.operation import Credential, Operation, Parameter
from central_server.api.query_parameters import ComparisonQuery, FiguresQuery, LogQuery, MonthQuery, PageQuery
from central_server.api.tokens import Scope
from central_server.statistics.figure_records import FigureComparison, Figures
from central_server.statistics.public_figures import PublicMonth
from daemonkit.i18n import marked as _

_TOKEN: Mapping[int, tuple[str, ...]] = {
    400: ("parameter-malformed", "cursor-malformed"),
    401: ("token-missing", "token-refused"),
    403: ("scope-missing",),
    429: (),
}


def _listed(
    path: str, name: str, summary: str, scope: Scope, response: type[BaseModel], query: type[BaseModel]
) -> Operation:
    return Operation(
        "GET", path, name, summary, Credential.token, response, scope=scope, query=query, problems=_TOKEN, tagged=True
    )


def _catalogued(name: str, summary: str, response: type[BaseModel]) -> Operation:
    return _listed(f"/api/v1/{name}", name, summary, Scope.catalogue, response, PageQuery)


PROGRAM_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        "/api/v1/token",
        "token",
        _("Which token is in use, and what it may read."),
        Credential.token,
        list_records.TokenRecord,
        problems={401: ("token-missing", "token-refused"), 429: ()},
        tagged=True,
    ),
    _listed(
        "/api/v1/log",
        "log",
        _("The sync log of the account's places, newest first."),
        Scope.log,
        list_records.LogList,
        LogQuery,
    ),
    _catalogued("places", _("The account's places, and those below them."), list_records.PlaceList),
    _catalogued("gateways", _("The gateways of the account's places."), list_records.GatewayList),
    _catalogued("beacons", _("The beacons of the account's places."), list_records.BeaconList),
    _listed(
        "/api/v1/statistics",
        "statistics",
        _("Figures of the account's places by hour or day, today included."),
        Scope.statistics,
        Figures,
        FiguresQuery,
    ),
    _listed(
        "/api/v1/statistics/comparison",
        "statistics_comparison",
        _("Beacons, projects, gateways or communities side by side, today included."),
        Scope.statistics,
        FigureComparison,
        ComparisonQuery,
    ),
    Operation(
        "GET",
        "/api/v1/public/statistics/{community}",
        "public_statistics",
        _("A community's figures of a past month, open to everyone: no count below five."),
        Credential.none,
        PublicMonth,
        query=MonthQuery,
        parameters=(
            Parameter(
                "community",
                "path",
                "The community's id.",
                {"type": "string", "pattern": "^[a-z0-9-]{1,64}$"},
                required=True,
            ),
        ),
        problems={400: ("parameter-malformed",), 429: ()},
        tagged=True,
    ),
    _catalogued("projects", _("The projects on offer at the account's places."), list_records.ProjectList),
    _catalogued(
        "bindings",
        _("Which beacon shows which project, and when, at the account's places."),
        list_records.BindingList,
    ),
)
