"""The bank's own certification authority and its certificates, made in the state folder on the first start."""

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

BANK_NAME = "041@Z2026-11-1@00040000:SIGN@00000001"
_ROOT, _MIDDLE = "DRILL CFCA CS CA", "DRILL CFCA OCA1"


class SignerKind(StrEnum):
    """Whose certificate signs a message; a merchant must refuse all but the bank's."""

    bank = "bank"
    """The drill bank: part three of the CN is 00040000:SIGN, as in UnionPay's test environment."""
    expired = "expired"
    wrong_name = "wrong-name"
    """Another customer's certificate under the same authority."""
    foreign = "foreign"
    """The bank's name under another root and middle authority with the same names."""


@dataclass(frozen=True, slots=True)
class Authority:
    """`merchant_folder`: the merchant's credentials (merchant.key, merchant.crt, root.crt, middle.crt)."""

    folder: Path
    merchant_folder: Path
    merchant: Certificate

    def signer(self, kind: SignerKind) -> Signer:
        """Raises OSError if its files are missing."""
        return load_signer(self.folder, kind.value)


def open_authority(state: Path) -> Authority:
    """Create `authority/` and `merchant/` in the state folder unless they exist. Raises OSError."""
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder, merchant = state / "authority", state / "merchant"
    if not folder.exists():
        _make(folder, merchant)
    certificate = load_pem_x509_certificate((merchant / "merchant.crt").read_bytes())
    return Authority(folder, merchant, certificate)


def _make(folder: Path, merchant_folder: Path) -> None:
    """Create all files in a draft folder and rename it last: an interrupted start begins again."""
    draft = folder.with_name(".authority.tmp")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    merchant_folder.mkdir(mode=0o700, exist_ok=True)
    bank, other = new_key(), new_key()
    root = issue(_ROOT, new_key(), None, authority=True, ends=20 * YEAR)
    middle = issue(_MIDDLE, new_key(), root, authority=True, ends=15 * YEAR)
    foreign_root = issue(_ROOT, other, None, authority=True, ends=20 * YEAR)
    foreign_middle = issue(_MIDDLE, other, foreign_root, authority=True, ends=15 * YEAR)
    signers = {
        "root": root,
        "middle": middle,
        SignerKind.bank: issue(BANK_NAME, bank, middle),
        SignerKind.expired: issue(BANK_NAME, bank, middle, begins=-3 * YEAR, ends=-DAY),
        SignerKind.wrong_name: issue("041@8310000000083041@别家股份有限公司@00016496", other, middle),
        SignerKind.foreign: issue(BANK_NAME, other, foreign_middle),
    }
    for name, signer in signers.items():
        save_signer(draft, name, signer)
    save_signer(merchant_folder, "merchant", issue("041@8777290058110048@演练商户@00000048", new_key(), middle))
    for name in ("root", "middle"):
        write_atomically(merchant_folder / f"{name}.crt", (draft / f"{name}.crt").read_bytes(), mode=0o644)
    draft.rename(folder)


def save_signer(folder: Path, name: str, signer: Signer) -> None:
    key = signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_atomically(folder / f"{name}.key", key)
    write_atomically(folder / f"{name}.crt", signer.certificate.public_bytes(Encoding.PEM), mode=0o644)


@lru_cache(maxsize=64)
def load_signer(folder: Path, name: str) -> Signer:
    """Load a key pair. It is cached: every answer needs one, and the files never change."""
    content = (folder / f"{name}.key").read_bytes()
    key = load_pem_private_key(content, None, unsafe_skip_rsa_key_validation=True)  # ours; the check takes long
    assert isinstance(key, RSAPrivateKey)  # written by save_signer
    return Signer(load_pem_x509_certificate((folder / f"{name}.crt").read_bytes()), key)
