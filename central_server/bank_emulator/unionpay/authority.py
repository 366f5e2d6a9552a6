"""The bank's own certification authority, made in its state folder on the first start, and everybody under it."""

import shutil
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509 import Certificate, load_pem_x509_certificate

from central_server.bank_emulator.unionpay.certificates import DAY, YEAR, issue, new_key
from central_server.bank_emulator.unionpay.signing import Signer
from daemonkit.files import write_atomically

_ROOT, _MIDDLE = "DRILL CFCA CS CA", "DRILL CFCA OCA1"
_BANK = "041@Z2026-11-1@00040000:SIGN@00000001"


class Voice(StrEnum):
    """With whose certificate a message is signed; all but two of them a merchant must refuse."""

    bank = "bank"
    """The drill bank: part three of the CN is 00040000:SIGN, as in UnionPay's test environment."""
    company = "company"
    """Under the same authority with the CN of production, 中国银联股份有限公司."""
    expired = "expired"
    not_yet = "not-yet"
    """Valid from tomorrow."""
    wrong_name = "wrong-name"
    """Somebody else's certificate under the same authority."""
    merchant = "merchant"
    """The merchant's own: anybody who stole its key."""
    under_leaf = "under-leaf"
    """The bank's name, issued with the merchant's key, which may issue none."""
    middle = "middle"
    """The authority itself, which speaks for no bank."""
    foreign = "foreign"
    """The bank's name under another root and middle of the very same names."""
    self_signed = "self-signed"
    """The bank's name, issued by itself."""


@dataclass(frozen=True, slots=True)
class Authority:
    """`merchant_folder`: what a merchant needs (merchant.key, merchant.crt, root.crt, middle.crt)."""

    folder: Path
    merchant_folder: Path
    merchant: Certificate

    def signer(self, voice: Voice) -> Signer:
        """Raises OSError when its files are gone."""
        folder = self.merchant_folder if voice is Voice.merchant else self.folder
        return _load(folder, voice.value)


def open_authority(state: Path) -> Authority:
    """Makes `authority/` and `merchant/` in the state folder when they are not there. Raises OSError."""
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder, merchant = state / "authority", state / "merchant"
    if not folder.exists():
        _make(folder, merchant)
    certificate = load_pem_x509_certificate((merchant / "merchant.crt").read_bytes())
    return Authority(folder, merchant, certificate)


def _make(folder: Path, merchant_folder: Path) -> None:
    """Under another name first: a start that was cut off begins anew."""
    draft = folder.with_name(".authority.tmp")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    merchant_folder.mkdir(mode=0o700, exist_ok=True)
    bank, other = new_key(), new_key()
    root = issue(_ROOT, new_key(), None, authority=True, ends=20 * YEAR)
    middle = issue(_MIDDLE, new_key(), root, authority=True, ends=15 * YEAR)
    merchant = issue("041@8777290058110048@演练商户@00000048", new_key(), middle)
    their_root = issue(_ROOT, other, None, authority=True, ends=20 * YEAR)
    their_middle = issue(_MIDDLE, other, their_root, authority=True, ends=15 * YEAR)
    everybody = {
        Voice.bank: issue(_BANK, bank, middle),
        Voice.company: issue("041@8310000000083040@中国银联股份有限公司@00016495", bank, middle),
        Voice.expired: issue(_BANK, bank, middle, begins=-3 * YEAR, ends=-DAY),
        Voice.not_yet: issue(_BANK, bank, middle, begins=DAY),
        Voice.wrong_name: issue("041@8310000000083041@别家股份有限公司@00016496", other, middle),
        Voice.under_leaf: issue(_BANK, other, merchant),
        Voice.middle: middle,
        Voice.foreign: issue(_BANK, other, their_middle),
        Voice.self_signed: issue(_BANK, other, None),
    }
    for voice, signer in everybody.items():
        _save(draft, voice.value, signer)
    _save(draft, "root", root)
    _save(merchant_folder, "merchant", merchant)
    for name in ("root", "middle"):
        write_atomically(merchant_folder / f"{name}.crt", (draft / f"{name}.crt").read_bytes(), mode=0o644)
    draft.rename(folder)


def _save(folder: Path, name: str, signer: Signer) -> None:
    key = signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_atomically(folder / f"{name}.key", key)
    write_atomically(folder / f"{name}.crt", signer.certificate.public_bytes(Encoding.PEM), mode=0o644)


@lru_cache(maxsize=64)
def _load(folder: Path, name: str) -> Signer:
    """Kept in memory: it is needed for every answer, and the files never change."""
    octets = (folder / f"{name}.key").read_bytes()
    key = load_pem_private_key(octets, None, unsafe_skip_rsa_key_validation=True)  # ours; the check takes long
    assert isinstance(key, RSAPrivateKey)  # we wrote it
    return Signer(load_pem_x509_certificate((folder / f"{name}.crt").read_bytes()), key)
