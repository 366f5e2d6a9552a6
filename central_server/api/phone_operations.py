"""Describe the operations of a shaken phone."""

from central_server.api.operation import Credential, Operation, Parameter
from central_server.shake.shake_records import PASS_PATTERN, PassResponse, ShakeRequest, ShakeResponse
from daemonkit.i18n import marked as _

PHONE_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "POST",
        "/api/v1/shake",
        "shake",
        _("A phone reports which beacons it receives, and gets the project there and a presence pass."),
        Credential.none,
        ShakeResponse,
        body=ShakeRequest,
        parameters=(
            Parameter(
                "Idempotency-Key",
                "header",
                "The same key and body within a day get the same response. With or without quotes.",
                {"type": "string", "pattern": '^("[A-Za-z0-9_-]{16,64}"|[A-Za-z0-9_-]{16,64})$'},
            ),
        ),
        problems={
            400: ("idempotency-key-malformed",),
            413: (),
            415: (),
            422: ("idempotency-key-reused",),
            429: (),
        },
    ),
    Operation(
        "GET",
        "/api/v1/shake/{presence_pass}",
        "presence_pass",
        _("What a presence pass proves: the beacon, its place, the project and the time. It names no person."),
        Credential.none,
        PassResponse,
        parameters=(
            Parameter(
                "presence_pass",
                "path",
                "From the response to POST /api/v1/shake; valid for half an hour.",
                {"type": "string", "pattern": PASS_PATTERN},
                required=True,
            ),
        ),
        problems={404: ("pass-unknown",), 429: ()},
    ),
)
