"""Describe the public operations of the published ledger."""

from central_server.api.operation import Credential, Operation, Parameter
from daemonkit.i18n import marked as _
from sync_contract.ledger_heads import Chain, Proof

LEDGER_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        "/api/v1/transparency/{place}/{project}",
        "transparency",
        _("The signed heads of a project's ledger, with the gateways' signatures."),
        Credential.none,
        Chain,
        parameters=(
            Parameter("place", "path", "The community.", {"type": "string", "pattern": "^[^/]{1,64}$"}, required=True),
            Parameter("project", "path", "Its id.", {"type": "string", "pattern": "^[a-z0-9-]{1,16}$"}, required=True),
            Parameter("after", "query", "Only later steps.", {"type": "string", "pattern": "^[0-9]{1,9}$"}),
        ),
        problems={400: (), 404: ()},
        tagged=True,
    ),
    Operation(
        "GET",
        "/api/v1/proofs/{secret}",
        "proofs",
        _("Proof that a line is in the published ledger: its path to a signed head."),
        Credential.none,
        Proof,
        parameters=(
            Parameter(
                "secret",
                "path",
                "From the slip.",
                {"type": "string", "pattern": "^[0-9A-Fa-f]{32}$"},
                required=True,
            ),
        ),
        problems={404: ()},
    ),
)
