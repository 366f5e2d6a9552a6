"""beacon-gateway enrol: enrol this device as a gateway, or replace its key."""

import asyncio
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from beacon_gateway.commands import enrol_wording as wording
from beacon_gateway.donations.ports import StoreUnavailable
from beacon_gateway.errors import KeysInUse
from beacon_gateway.settings_addresses import CentralUrl
from beacon_gateway.setup.device_enrolment import enrol_device
from beacon_gateway.store.identity import Keys
from beacon_gateway.sync import credential
from beacon_gateway.sync.central_client import open_central
from beacon_gateway.sync.enrol import EnrolmentRefused, OtherServer
from beacon_gateway.sync.ports import CentralRefusedUs, CentralUnreachable
from daemonkit.state_owner import become_owner
from sync_contract.enrolment import (
    EnrolmentAnswer,
    EnrolmentMalformed,
    EnrolmentRefusal,
    Invitation,
    fingerprint,
    group_code,
    read_code,
    read_invitation,
)
from sync_contract.keys import read_public
from sync_contract.request_signature import Signer

FAILURE, USAGE, TRY_AGAIN = 1, 2, 75
_URL: TypeAdapter[str] = TypeAdapter(CentralUrl)


def enrol(state_dir: Path, config: Path, address: str, code: str) -> int:
    """Return the exit code. `address`: the server's, or the complete text of the QR code; requested if empty."""
    try:
        invitation = read_typed_invitation(address, code)
    except MalformedInvitation as error:
        return _print_message(error.args[0], USAGE)
    except EOFError:
        return _print_message(wording.MALFORMED_CODE, USAGE)
    return with_keys(state_dir, lambda keys: _enrol(state_dir, config, keys, invitation))


def roll(state_dir: Path) -> int:
    return with_keys(state_dir, _roll)


class MalformedInvitation(Exception):
    """Invalid input; the argument is the message in both languages."""


def read_typed_invitation(address: str, code: str) -> Invitation:
    """Return the invitation; request what is empty. Raises MalformedInvitation, EOFError."""
    address = address or input(wording.ASK_ADDRESS).strip()
    try:
        if address.startswith("beacon-enrol:"):
            read = read_invitation(address)
        else:
            _URL.validate_python(address)  # before the code is requested
            read = Invitation(address, read_code(code or input(wording.ASK_CODE)))
        url = _URL.validate_python(read.url)
    except ValidationError as error:
        raise MalformedInvitation(wording.MALFORMED_URL) from error
    except EnrolmentMalformed as error:
        raise MalformedInvitation((wording.MALFORMED_CODE[0], f"The code does not fit: {error}.")) from error
    if not url:
        raise MalformedInvitation(wording.MALFORMED_URL)
    return Invitation(url, read.code, read.fingerprint)


def with_keys(state_dir: Path, work: Callable[[Keys], int]) -> int:
    """Run `work` as the owner of the state folder; word its errors. Return the exit code."""
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        become_owner(state_dir)
        return work(Keys(state_dir))
    except KeysInUse:
        return _print_message(wording.IN_USE, TRY_AGAIN)
    except EnrolmentRefused as error:
        return _print_message(
            wording.REFUSED[error.refusal], TRY_AGAIN if error.refusal is EnrolmentRefusal.too_many else FAILURE
        )
    except OtherServer:
        return _print_message(wording.OTHER_SERVER, FAILURE)
    except CentralRefusedUs as error:
        return _print_message(wording.BARRED.get(error.word, (str(error), str(error))), FAILURE)
    except CentralUnreachable as error:
        print(f"连不上中心服务器 the central server is unreachable ({error})", file=sys.stderr)
        for sentence in (*wording.UNREACHABLE.get(str(error), ()), *wording.AGAIN):
            print(f"  {sentence}", file=sys.stderr)
        return TRY_AGAIN
    except (StoreUnavailable, OSError) as error:
        print(f"beacon-gateway: {error}", file=sys.stderr)
        return TRY_AGAIN


def _enrol(state_dir: Path, config: Path, keys: Keys, invitation: Invitation) -> int:
    answer = enrol_device(state_dir, keys, invitation)
    _print_enrolled(invitation, answer)
    if settings_override(config, invitation.url, answer.catalogue_key):
        for sentence in wording.SETTINGS_OVERRIDE:
            print(f"{sentence} ({config})")
    return 0


def settings_override(config: Path, url: str, catalogue_key: str) -> bool:
    """Return whether the settings contain another server or key than this enrolment."""
    try:
        central = tomllib.loads(config.read_text("utf-8")).get("central", {})
    except (OSError, ValueError):
        return False  # the service reports the fault
    if not isinstance(central, dict):
        return False
    return central.get("url") not in (None, "", url) or central.get("catalogue_key") not in (None, "", catalogue_key)


def _print_enrolled(invitation: Invitation, answer: EnrolmentAnswer) -> None:
    server_fingerprint = fingerprint(read_public(answer.catalogue_key))
    print("登记成功 enrolled")
    for name, value in (
        ("网关 gateway", f"{answer.label} ({answer.gateway})"),
        ("社区 community", answer.community),
        ("中心服务器 central server", invitation.url),
        ("服务器指纹 fingerprint", group_code(server_fingerprint)),
    ):
        print(f"  {name}: {value}")
    if invitation.fingerprint:
        print("  指纹与二维码一致。 The fingerprint equals that of the QR code.")
    else:
        print("  请核对:工作人员页面上的指纹应与此相同。 Compare it with the fingerprint on the staff page.")
    print("正在运行的网关几秒内自动改用,不必重启。 A gateway that runs takes this over within seconds, by itself.")


def _roll(keys: Keys) -> int:
    identity = keys.read()
    if identity.enrolment is None:
        return _print_message(wording.NOT_ENROLLED, FAILURE)
    url = identity.enrolment.central

    async def body() -> None:
        async with open_central(url, lambda: Signer(identity.gateway, identity.key)) as central:
            await credential.roll_key(central, identity.gateway, keys)

    asyncio.run(body())
    print("已换用新密钥。 This gateway has a new key.")
    return 0


def _print_message(sentences: tuple[str, str], code: int) -> int:
    for sentence in sentences:
        print(sentence, file=sys.stderr)
    return code
