"""The enrolment bundle on the card: find it, read it strictly, and erase it."""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from beacon_gateway.settings_addresses import CentralUrl
from daemonkit.files import sync_folder
from daemonkit.toml import ConfigRefused, Fault, Misfit, load_text, read_text
from sync_contract.enrolment_bundle import BUNDLE_FILE, EnrolmentBundle

BOOT_FOLDERS = (Path("/boot/firmware"), Path("/boot"))
"""Where Raspberry Pi OS mounts the boot partition: since Debian 12, and before."""
_URL: TypeAdapter[str] = TypeAdapter(CentralUrl)


class _Bundle(EnrolmentBundle):
    """Checks the values against each other and against what a gateway accepts."""

    @classmethod
    def find_misfits(cls, document: Mapping[str, Any]) -> Iterable[Misfit]:
        """See daemonkit.toml.CrossChecked."""
        return _find_misfits(document)


def find_bundle(folders: Iterable[Path] = BOOT_FOLDERS) -> Path | None:
    return next((path for folder in folders if (path := folder / BUNDLE_FILE).is_file()), None)


def find_backup(folders: Iterable[Path] = BOOT_FOLDERS) -> Path | None:
    """Return the newest backup of a gateway beside the bundle, by the time in its name."""
    found = [path for folder in folders for path in folder.glob("beacon-gateway-*.tar") if path.is_file()]
    return max(found, key=lambda path: path.name, default=None)


def read_bundle(path: Path) -> EnrolmentBundle | None:
    """Return the bundle; None if it was erased in part before a power cut. Raises ConfigRefused."""
    text = read_text(path)
    if "\x00" in text or not text.strip():
        return None
    try:
        return load_text(path, text, _Bundle)
    except ConfigRefused as refused:
        raise ConfigRefused(_hide_secrets(refused.faults)) from None


def erase_bundle(path: Path) -> None:
    """Overwrite the file and delete it; it may be gone already. Raises OSError.

    On a flash card the controller may retain the old block; the code in it is used up by then.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        os.pwrite(descriptor, bytes(os.fstat(descriptor).st_size), 0)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    path.unlink(missing_ok=True)
    sync_folder(path.parent)


def _find_misfits(document: Mapping[str, Any]) -> Iterator[Misfit]:
    enrolment, network = document.get("enrolment"), document.get("network")
    if isinstance(enrolment, Mapping) and isinstance(url := enrolment.get("server"), str):
        try:
            _URL.validate_python(url)
        except ValidationError as error:
            reason = error.errors()[0]["msg"].removeprefix("Value error, ")
            yield Misfit(("enrolment", "server"), reason, url)
    if isinstance(network, Mapping) and network.get("passphrase") and not network.get("wifi"):
        yield Misfit(("network", "wifi"), "有 passphrase 时必填 is required with passphrase")


def _hide_secrets(faults: Iterable[Fault]) -> Iterator[Fault]:
    """The journal and the screen show the faults, so they contain neither code nor passphrase."""
    for each in faults:
        secret = each.key in ("enrolment.code", "network.passphrase")
        yield Fault(each.file, each.line, each.key, each.reason, None if secret else each.got, each.zh)
