"""Define the settings of optional parts of the server."""

import json
from collections.abc import Iterator
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from daemonkit.host_address import has_host, is_loopback
from daemonkit.request_template import JSON, fill, names_in
from daemonkit.toml import Misfit
from sync_contract.strict_model import Environment, Record


def _gateway_url(value: str) -> str:
    """Accept nothing, https, or http on this machine. Raises ValueError."""
    if not value:
        return value
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not has_host(parts) or "@" in parts.netloc or parts.fragment:
        raise ValueError("expected https://host/path")
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise ValueError("must begin with https:// (http:// only for a program on this machine)")
    return value


class MessageSettings(Record):
    """How a message reaches a telephone number."""

    kind: Literal["screen", "mail", "http"] = "screen"
    """`screen`: only in a drill; nothing is sent, and the page shows the one-time code."""
    mail_address: Annotated[
        str, StringConstraints(pattern=r"^([^\s@<>]*\{mobile\}[^\s@<>]*@[A-Za-z0-9.-]{1,190})?$")
    ] = ""
    """`mail`: the address of the mailbox, or of the mail-to-SMS gateway, that belongs to a number."""
    url: Annotated[str, StringConstraints(max_length=500), AfterValidator(_gateway_url)] = ""
    """`http`: where the request for each message goes, by POST."""
    content_type: Literal["application/json", "application/x-www-form-urlencoded"] = "application/json"
    body: Annotated[str, StringConstraints(max_length=2000)] = ""
    """`http`: with {mobile}, {text}, {id} (the same for each try of a message) and {secret}."""
    authorization: Annotated[str, StringConstraints(max_length=200, pattern=r"^[ -~]*$")] = ""
    """`http`: the header of this name, such as `Bearer {secret}`."""
    secret_file: Annotated[str, StringConstraints(max_length=1000)] = ""
    accepted: Annotated[str, StringConstraints(max_length=200)] = ""
    """`http`: text that an answer contains only if the message was accepted; empty: every answer of status 2xx."""
    an_hour: Annotated[int, Field(ge=1, le=100_000)] = 2000
    """One-time codes in an hour, of the whole server: each may cost money, and strangers can ask for them."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.kind == "mail" and not self.mail_address:
            raise ValueError('mail_address is missing: such as "{mobile}@sms.example.org"')
        if self.kind == "http":
            self._check_template()
        return self

    def _check_template(self) -> None:
        """Raises ValueError."""
        if not self.url:
            raise ValueError("url is missing: the address of the gateway")
        if missing := {"mobile", "text"} - names_in(self.body):
            raise ValueError(f"body needs {' and '.join(f'{{{each}}}' for each in sorted(missing))}")
        if "secret" in names_in(self.body) | names_in(self.authorization) and not self.secret_file:
            raise ValueError("{secret} needs secret_file, a file that contains only the secret")
        if self.content_type == JSON:
            sample = dict.fromkeys(("mobile", "text", "id", "secret"), '"')
            try:
                json.loads(fill(self.body, sample, JSON))
            except ValueError as error:
                raise ValueError(f"body is not JSON: {error}") from None


class PartSettings(Record):
    """An optional part of the server (`central_server.parts`)."""

    enabled: bool = False


class VolunteeringSettings(PartSettings):
    messages: MessageSettings = MessageSettings()

    def misfits(self, environment: Environment, mail_host: str) -> Iterator[Misfit]:
        """Return settings by which no message reaches anybody. `mail_host`: "" without a mail server."""
        if not self.enabled:
            return
        at, kind = ("volunteering", "messages", "kind"), self.messages.kind
        if kind == "screen" and environment is Environment.real:
            why = (
                "no sender is configured: a code on the screen proves nobody's number; "
                'write "mail" or "http", because site.environment is real'
            )
            yield Misfit(at, why, kind)
        if kind == "mail" and not mail_host:
            yield Misfit(at, "needs a mail server: write host in [mail]", kind)
