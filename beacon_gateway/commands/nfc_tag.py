"""beacon-gateway nfc: write the address of the kiosk on an NFC tag, or print how to do that with a phone."""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from beacon_gateway.commands import nfc_wording as wording
from beacon_gateway.commands.effective_settings import load_settings, print_refused
from beacon_gateway.commands.terminal_wrap import print_folded
from beacon_gateway.errors import GatewayError
from beacon_gateway.nfc.ndef import encode_address
from beacon_gateway.nfc.ntag import Card, CardRemoved, Ntag, TagRefused
from beacon_gateway.nfc.pcsc import NoReader, open_readers
from beacon_gateway.settings import Settings
from daemonkit.toml import ConfigRefused
from kiosk_ui.paper.beacon_address import AddressRefused, tag_address
from sync_contract.beacon_identity import BeaconId

FAILURE, USAGE, CONFIGURATION = 1, 2, 78


@dataclass(frozen=True, slots=True)
class TagOptions:
    """`beacon`: MAJOR/MINOR; empty: the site's own advert. `url`: empty: the central server of the settings.

    `print_only`: do not look for a reader. `replace`: also write a tag with another address. `lock`: at the end.
    """

    beacon: str = ""
    url: str = ""
    print_only: bool = False
    replace: bool = False
    lock: bool = True


class OpenReaders(Protocol):
    """Connected readers, as of `pcsc.Readers`."""

    @property
    def names(self) -> tuple[str, ...]: ...

    def connect(self) -> AbstractContextManager[Card]: ...


def run(
    config: Path,
    state_dir: Path,
    options: TagOptions,
    *,
    readers: Callable[[], AbstractContextManager[OpenReaders]] = open_readers,
    ask: Callable[[str], str] = input,
) -> int:
    """Return the exit code: 0, 1 if the tag was not written, 2 for bad options, 78 for invalid settings."""
    try:
        settings = load_settings(config, state_dir)
        address = build_address(settings, options)
        message = encode_address(address)
    except ConfigRefused as refused:
        print_refused(refused, state_dir)
        return CONFIGURATION
    except (AddressRefused, GatewayError) as error:
        print(f"beacon-gateway nfc: {error}", file=sys.stderr)
        return USAGE
    print_folded(wording.word_address(address))
    if options.print_only:
        print_folded(wording.word_phone_steps(address, message))
        return 0
    try:
        with readers() as connected:
            return _write(connected, message, options, ask)
    except NoReader as missing:
        print_folded(wording.word_no_reader(str(missing)))
        print_folded(wording.word_phone_steps(address, message))
        return 0


def build_address(settings: Settings, options: TagOptions) -> str:
    """Return the address for the tag. Raise AddressRefused, GatewayError."""
    advertised = {f"{each.major}/{each.minor}": each.id for each in settings.advertise.identities}
    listed = {f"{each.major}/{each.minor}": each.id for each in settings.beacons}
    beacon: BeaconId | None = (listed | advertised).get(options.beacon)
    if not options.beacon:
        beacon = next(iter(advertised.values()), None)
    if beacon is None:
        raise GatewayError(wording.word_unknown_beacon(options.beacon, [*advertised, *listed]))
    url = options.url or settings.central.url
    if not url:
        raise GatewayError(wording.NO_SERVER)
    return tag_address(url, beacon, settings.site.environment)


def _write(connected: OpenReaders, message: bytes, options: TagOptions, ask: Callable[[str], str]) -> int:
    print_folded(wording.word_readers(connected.names))
    try:
        ask(wording.LAY_DOWN)
    except EOFError:
        print_folded(wording.NOT_WRITTEN)
        return FAILURE
    try:
        with connected.connect() as card:
            print_folded(_write_tag(Ntag(card), message, options))
        return 0
    except CardRemoved:
        print_folded(wording.word_refused("removed", ""))
    except TagRefused as refused:
        print_folded(wording.word_refused(refused.problem, refused.detail))
    return FAILURE


def _write_tag(tag: Ntag, message: bytes, options: TagOptions) -> str:
    """Return what was done. Raise TagRefused, CardRemoved."""
    before = tag.read_message()
    if before == message and tag.locked:
        return wording.word_done(tag.model.name, already=True, locked=True)
    if tag.locked:
        raise TagRefused("locked")
    if before and before != message and not options.replace:
        raise TagRefused("other_content")
    if before != message:
        tag.write_message(message)
    if options.lock:
        tag.lock()
    return wording.word_done(tag.model.name, already=before == message, locked=tag.locked)
