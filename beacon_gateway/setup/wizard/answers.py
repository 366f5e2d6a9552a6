"""Read the answers of an installer: forgiving about width, case and spaces, strict about the value."""

import unicodedata
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import TypeAdapter, ValidationError

from beacon_gateway.errors import GatewayError
from beacon_gateway.settings_addresses import CentralUrl
from beacon_gateway.setup.wizard.questions import Choice, SetupFault
from daemonkit.host_address import is_loopback
from sync_contract.enrolment import CODE_LENGTH, EnrolmentMalformed, Invitation, read_code, read_invitation

_URL: TypeAdapter[str] = TypeAdapter(CentralUrl)
_QR = "beacon-enrol:"


class AnswerRefused(GatewayError):
    """The answer cannot be used. `facts`: values of the worded fault."""

    def __init__(self, fault: SetupFault, **facts: str) -> None:
        super().__init__(fault.value)
        self.fault = fault
        self.facts = facts


@dataclass(frozen=True, slots=True)
class TypedServer:
    """`invitation`: complete when the text of a QR code was scanned instead of an address."""

    url: str
    invitation: Invitation | None = None


def plain(text: str) -> str:
    """Return the text with full-width letters, digits and spaces as ASCII, without spaces around it."""
    return unicodedata.normalize("NFKC", text).strip()


def read_choice(text: str, choices: tuple[Choice, ...]) -> str:
    """Return the word of the choice that was typed as its number or its word. Raises AnswerRefused."""
    typed = plain(text).casefold()
    for number, choice in enumerate(choices, 1):
        if typed in (str(number), choice.word.casefold()):
            return choice.word
    raise AnswerRefused(SetupFault.not_a_choice, count=str(len(choices)), got=text)


def read_time_zone(text: str) -> str:
    typed = plain(text)
    try:
        ZoneInfo(typed)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise AnswerRefused(SetupFault.time_zone, got=text) from error
    return typed


def read_server(text: str) -> TypedServer:
    """Read an address, or the text of a QR code as a scanner types it. Raises AnswerRefused."""
    typed = plain(text)
    if not typed:
        raise AnswerRefused(SetupFault.server_empty)
    if typed.casefold().startswith(_QR):
        invitation = read_qr(typed)
        return TypedServer(invitation.url, invitation)
    address = typed if "://" in typed else f"https://{typed}"
    return TypedServer(_read_url(address, typed))


def read_qr(text: str) -> Invitation:
    try:
        invitation = read_invitation(text)
        return Invitation(_read_url(invitation.url, invitation.url), invitation.code, invitation.fingerprint)
    except EnrolmentMalformed as error:
        raise AnswerRefused(SetupFault.qr_incomplete) from error


def read_typed_code(text: str) -> str | Invitation:
    """Return the code; the whole invitation when a QR code was scanned. Raises AnswerRefused."""
    typed = plain(text)
    if not typed:
        raise AnswerRefused(SetupFault.code_empty)
    if typed.casefold().startswith(_QR):
        return read_qr(typed)
    try:
        return read_code(typed)
    except EnrolmentMalformed as error:
        count = sum(letter.isalnum() for letter in typed)
        fault = SetupFault.code_mistyped if count == CODE_LENGTH else SetupFault.code_length
        raise AnswerRefused(fault, count=str(count), length=str(CODE_LENGTH)) from error


def read_uuid(text: str) -> UUID:
    typed = plain(text)
    try:
        uuid = UUID(typed)
    except ValueError as error:
        count = sum(letter in "0123456789abcdef" for letter in typed.casefold())
        raise AnswerRefused(SetupFault.uuid_form, count=str(count)) from error
    if not uuid.int:
        raise AnswerRefused(SetupFault.uuid_nil)
    return uuid


def read_u16(text: str) -> int:
    typed = plain(text)
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 5 and int(typed) <= 0xFFFF):
        raise AnswerRefused(SetupFault.number, got=text)
    return int(typed)


def _read_url(address: str, got: str) -> str:
    try:
        url = _URL.validate_python(address)
    except ValidationError as error:
        parts = urlsplit(address) if address.isascii() and "[" not in address else None
        plain_http = parts is not None and parts.scheme == "http" and not is_loopback(parts.hostname or "")
        fault = SetupFault.server_plain if plain_http else SetupFault.server_address
        raise AnswerRefused(fault, got=got) from error
    return url
