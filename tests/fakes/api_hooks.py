"""Hooks for schemathesis: sign requests, and correct values that JSON Schema cannot describe.

In valid requests: 1.0 is not an integer, a cursor must come from an answer, an idempotency key belongs to one body, a
device's proof belongs to its key. Polls for outcomes never wait.
"""

import json
import os
import re
import secrets
import time
from base64 import b64decode
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
import schemathesis
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from schemathesis import GenerationMode

from sync_contract.enrolment import EnrolmentRequest
from sync_contract.keys import public_text
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.request_signature import Signer

SIGNER = Signer(os.environ["FUZZ_GATEWAY"], Ed25519PrivateKey.from_private_bytes(b64decode(os.environ["FUZZ_KEY"])))


class Credentials(requests.auth.AuthBase):
    """Signs the request."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        path, _, query = request.path_url.partition("?")
        body = request.body or b""
        content = body.encode() if isinstance(body, str) else bytes(body)  # type: ignore[arg-type]  # never a stream
        authority = urlsplit(request.url or "").netloc
        request.headers.update(SIGNER.headers(request.method or "", authority, path, query, content, int(time.time())))
        return request


@schemathesis.auth().apply_to(tag="gateway")
class Gateway:
    def get(self, case: Any, context: Any) -> Credentials:
        return Credentials()

    def set(self, case: Any, data: Credentials, context: Any) -> None:
        case._auth = data


@schemathesis.auth().apply_to(tag="token")
class Token:
    def get(self, case: Any, context: Any) -> str:
        return os.environ["FUZZ_TOKEN"]

    def set(self, case: Any, data: str, context: Any) -> None:
        case.headers["Authorization"] = f"Bearer {data}"


def without_point(value: Any) -> Any:
    """Convert floats without a fraction to integers."""
    if isinstance(value, dict):
        return {name: without_point(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [without_point(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@schemathesis.hook
def map_case(context: Any, case: Any) -> Any:
    if case.query and re.fullmatch("[0-9]{1,3}", str(case.query.get("wait", ""))):
        case.query["wait"] = "0"
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return case
    case.body = without_point(case.body)
    if case.query:
        case.query.pop("cursor", None)
        today = datetime.now(OFFICIAL_TIME).date()
        over = today.replace(day=1) - timedelta(days=1)
        for name, value in (("day", f"{today}"), ("month", f"{over:%Y-%m}")):  # not in the future
            if name in case.query:
                case.query[name] = value
    if case.headers and "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = secrets.token_hex(16)
    if case.path == "/api/v1/enrolments" and isinstance(case.body, dict):
        key = Ed25519PrivateKey.generate()
        request = EnrolmentRequest.model_validate_json(
            json.dumps(case.body | {"public": public_text(key.public_key()), "signature": ""})
        )
        case.body = json.loads(request.signed(key).model_dump_json())
    return case
