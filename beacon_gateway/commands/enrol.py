"""beacon-gateway enrol: this device becomes a gateway, or rolls its key."""

import asyncio
import hashlib
import sqlite3
import sys
import tomllib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from beacon_gateway.commands import enrol_wording as words
from beacon_gateway.donations.ports import StoreUnavailable
from beacon_gateway.errors import KeysInUse
from beacon_gateway.settings_addresses import CentralUrl
from beacon_gateway.store.identity import Enrolment, Identity, Keys
from beacon_gateway.sync import credential
from beacon_gateway.sync.central_client import open_central
from beacon_gateway.sync.enrol import EnrolmentRefused, OtherServer, request_enrolment
from beacon_gateway.sync.ports import CentralRefusedUs, CentralUnreachable
from daemonkit.state_owner import become_owner
from sync_contract.enrolment import (
    EnrolmentAnswer,
    EnrolmentMalformed,
    EnrolmentRefusal,
    Invitation,
    fingerprint,
    grouped,
    read_code,
    read_invitation,
)
from sync_contract.keys import read_public
from sync_contract.request_signature import Signer

FAILURE, USAGE, TRY_AGAIN = 1, 2, 75
_URL: TypeAdapter[str] = TypeAdapter(CentralUrl)


def enrol(state_dir: Path, config: Path, address: str, code: str) -> int:
    """`address`: the server's, or the whole text of the QR; asked for when empty. The exit code."""
    try:
        invitation = _invitation(address, code)
    except _Malformed as error:
        return _say(error.args[0], USAGE)
    except EOFError:
        return _say(words.MALFORMED_CODE, USAGE)
    return _with_keys(state_dir, lambda keys: _enrol(state_dir, config, keys, invitation))


def roll(state_dir: Path) -> int:
    return _with_keys(state_dir, _roll)


class _Malformed(Exception):
    """What was typed; the argument is what to say."""


def _invitation(address: str, code: str) -> Invitation:
    address = address or input(words.ASK_ADDRESS).strip()
    try:
        if address.startswith("beacon-enrol:"):
            read = read_invitation(address)
        else:
            _URL.validate_python(address)  # before asking for more
            read = Invitation(address, read_code(code or input(words.ASK_CODE)))
        url = _URL.validate_python(read.url)
    except ValidationError as error:
        raise _Malformed(words.MALFORMED_URL) from error
    except EnrolmentMalformed as error:
        raise _Malformed((words.MALFORMED_CODE[0], f"The code does not fit: {error}.")) from error
    if not url:
        raise _Malformed(words.MALFORMED_URL)
    return Invitation(url, read.code, read.fingerprint)


def _with_keys(state_dir: Path, work: Callable[[Keys], int]) -> int:
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        become_owner(state_dir)
        return work(Keys(state_dir))
    except KeysInUse:
        return _say(words.IN_USE, TRY_AGAIN)
    except EnrolmentRefused as error:
        return _say(words.REFUSED[error.refusal], TRY_AGAIN if error.refusal is EnrolmentRefusal.too_many else FAILURE)
    except OtherServer:
        return _say(words.OTHER_SERVER, FAILURE)
    except CentralRefusedUs as error:
        return _say(words.BARRED.get(error.word, (str(error), str(error))), FAILURE)
    except CentralUnreachable as error:
        print(f"连不上中心服务器 the central server is out of reach ({error})", file=sys.stderr)
        for sentence in (*words.UNREACHABLE.get(str(error), ()), *words.AGAIN):
            print(f"  {sentence}", file=sys.stderr)
        return TRY_AGAIN
    except (StoreUnavailable, OSError) as error:
        print(f"beacon-gateway: {error}", file=sys.stderr)
        return TRY_AGAIN


def _enrol(state_dir: Path, config: Path, keys: Keys, invitation: Invitation) -> int:
    with keys.locked():
        identity = keys.read()
        mark = hashlib.sha256(invitation.code.encode()).hexdigest()[:16]
        again = identity.enrolment is not None and identity.enrolment.code == mark
        # A device that was enrolled before brings a new key: the old one may be on a copied card.
        key = identity.key if identity.enrolment is None or again else keys.prepare()
        only_as = identity.gateway if _has_numbered(state_dir / "gateway.db", identity) else None
        try:
            answer = asyncio.run(request_enrolment(invitation, key, only_as))
        except EnrolmentRefused as refused:
            if refused.refusal is not EnrolmentRefusal.key_known:
                raise
            if key is not identity.key:
                keys.forget_next()
            key = keys.prepare()
            answer = asyncio.run(request_enrolment(invitation, key, only_as))
        enrolment = Enrolment(invitation.url, answer.catalogue_key, answer.community, answer.label, mark)
        keys.store_enrolment(answer.gateway, key, enrolment)
    _tell(invitation, answer)
    if _says_otherwise(config, invitation.url, answer.catalogue_key):
        for sentence in words.SETTINGS_GO_BEFORE:
            print(f"{sentence} ({config})")
    return 0


def _says_otherwise(config: Path, url: str, catalogue_key: str) -> bool:
    """Whether the settings name another server, or another key, than this enrolment."""
    try:
        told = tomllib.loads(config.read_text("utf-8")).get("central", {})
    except (OSError, ValueError):
        return False  # the service will say what is wrong with it
    if not isinstance(told, dict):
        return False
    return told.get("url") not in (None, "", url) or told.get("catalogue_key") not in (None, "", catalogue_key)


def _has_numbered(store: Path, identity: Identity) -> bool:
    """Whether the store holds parcels that the server may have numbered as this gateway's."""
    if not store.exists():
        return False
    try:
        with closing(sqlite3.connect(f"{store.absolute().as_uri()}?mode=ro", uri=True)) as held:
            states = [str(row[0]) for row in held.execute("SELECT DISTINCT state FROM outbox")]
    except sqlite3.Error:
        return False  # damaged: the service sets it aside and begins another one, with a new epoch
    return bool(states) and (identity.enrolment is not None or states != ["waiting"])


def _tell(invitation: Invitation, answer: EnrolmentAnswer) -> None:
    mark = fingerprint(read_public(answer.catalogue_key))
    print("登记成功 enrolled")
    for name, value in (
        ("网关 gateway", f"{answer.label} ({answer.gateway})"),
        ("社区 community", answer.community),
        ("中心服务器 central server", invitation.url),
        ("服务器指纹 fingerprint", grouped(mark)),
    ):
        print(f"  {name}: {value}")
    if invitation.fingerprint:
        print("  指纹与二维码一致。 The fingerprint is the QR's.")
    else:
        print("  请核对:工作人员页面上的指纹应与此相同。 Compare: the staff page shows the same fingerprint.")
    print("正在运行的网关几秒内自动改用,不必重启。 A gateway that runs takes this over within seconds, by itself.")


def _roll(keys: Keys) -> int:
    held = keys.read()
    if held.enrolment is None:
        return _say(words.NOT_ENROLLED, FAILURE)
    url = held.enrolment.central

    async def body() -> None:
        async with open_central(url, lambda: Signer(held.gateway, held.key)) as central:
            await credential.roll_key(central, held.gateway, keys)

    asyncio.run(body())
    print("已换用新密钥。 This gateway has a new key.")
    return 0


def _say(sentences: tuple[str, str], code: int) -> int:
    for sentence in sentences:
        print(sentence, file=sys.stderr)
    return code
