"""Carry out the steps of a set-up on this device: network, radio, enrolment, settings and services."""

import asyncio
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from beacon_gateway import settings_mapping
from beacon_gateway.commands.daemon_client import NotRunning, fetch_json, find_address
from beacon_gateway.donations.ports import StoreUnavailable
from beacon_gateway.errors import GatewayError, KeysInUse
from beacon_gateway.model.beacons import Sighting
from beacon_gateway.radio.backend_selection import BackendSelector
from beacon_gateway.radio.radio_factory import RadioPlan, make_radios
from beacon_gateway.radio.status_json import read_advert_status
from beacon_gateway.settings import Settings
from beacon_gateway.setup import device_changes
from beacon_gateway.setup.device_enrolment import enrol_device
from beacon_gateway.setup.setup_permit import SetupPermit
from beacon_gateway.setup.site_file import format_site_file
from beacon_gateway.setup.wizard.actions import AdvertState, HeardTag, SiteDraft, StepRefused
from beacon_gateway.setup.wizard.questions import SetupFault
from beacon_gateway.store.identity import Enrolment, Keys, enrolment_of
from beacon_gateway.sync.central_client import open_central
from beacon_gateway.sync.enrol import EnrolmentRefused, OtherServer
from beacon_gateway.sync.ports import CentralRefusedUs, CentralUnreachable
from daemonkit.state_owner import as_owner, make_state_folder
from daemonkit.toml import ConfigRefused
from sync_contract.beacon_identity import BeaconId
from sync_contract.enrolment import EnrolmentAnswer, Invitation
from sync_contract.keys import read_public
from sync_contract.request_signature import Signer
from sync_contract.site_offer import OfferRefused, SiteOffer
from sync_contract.strict_model import Environment

_Result = TypeVar("_Result")
_SERVICE = "beacon-gateway"
_CLOSE_DBM = -55
"""A tag at a hand's width is louder, a tag at a metre is not."""
_UNREACHABLE = {
    "name_unknown": SetupFault.name_unknown,
    "no_connection": SetupFault.no_connection,
    "certificate": SetupFault.certificate,
}


@dataclass(frozen=True, slots=True)
class SetupPlaces:
    """`root`: of /proc and /sys; `etc`: of the time zone; `run`: only root writes there and no restart preserves it."""

    config: Path
    state_dir: Path
    etc: Path = Path("/etc")
    root: Path = Path("/")
    run: Path = Path("/run")


@dataclass(frozen=True, slots=True)
class SetupWaits:
    """Seconds to wait for a tag, for the services, and for a proof of the advert."""

    tag_s: float = 30.0
    start_s: float = 60.0
    proof_s: float = 20.0


@dataclass
class DeviceActions:
    """Implements setup.wizard.actions.Actions.

    `radio`: as of `run --radio`. `url`: of the running gateway, by default as the settings say.
    """

    places: SetupPlaces
    radio: str
    waits: SetupWaits = SetupWaits()
    url: str = ""
    enrolled_now: bool = False
    written: bool = False
    _before: bytes | None = field(default=None, repr=False)
    _settings: Settings | None = field(default=None, repr=False)

    @property
    def permit(self) -> SetupPermit:
        return SetupPermit(self.places.run, self.places.state_dir)

    async def find_network(self) -> str:
        for name in _default_routes(self.places.root):
            return name
        raise StepRefused(SetupFault.no_network)

    async def find_adapter(self) -> str:
        if self.radio.partition(":")[0] in ("simulated", "capture"):
            return "simulated"
        blocked = self._find_blocked()
        found = sorted(path.name for path in (self.places.root / "sys/class/bluetooth").glob("hci*"))
        if blocked:
            raise StepRefused(SetupFault.adapter_blocked)
        if not found:
            raise StepRefused(SetupFault.no_adapter)
        return ", ".join(found)

    def enrolment(self) -> Enrolment | None:
        return enrolment_of(self.places.state_dir)

    async def enrol(self, invitation: Invitation) -> EnrolmentAnswer:
        self._check_open()
        try:
            return await asyncio.to_thread(self._enrol, invitation)
        except EnrolmentRefused as refused:
            raise StepRefused(SetupFault(refused.refusal.value)) from refused
        except OtherServer as error:
            raise StepRefused(SetupFault.other_server) from error
        except CentralUnreachable as error:
            raise _unreachable(error, invitation.url) from error
        except KeysInUse as error:
            raise StepRefused(SetupFault.busy) from error
        except (StoreUnavailable, OSError, sqlite3.Error) as error:
            raise StepRefused(SetupFault.cannot_write, detail=str(error)) from error

    async def fetch_offer(self) -> SiteOffer:
        with as_owner(self.places.state_dir):
            identity = Keys(self.places.state_dir).read()
        known = identity.enrolment
        assert known is not None, "called when enrolled"
        try:
            async with open_central(known.central, lambda: Signer(identity.gateway, identity.key)) as central:
                offer = await central.fetch_site_offer()
            offer.check(read_public(known.catalogue_key), identity.gateway)
        except CentralRefusedUs as error:
            raise StepRefused(SetupFault.key_refused) from error
        except CentralUnreachable as error:
            raise _unreachable(error, known.central) from error
        except OfferRefused as error:
            raise StepRefused(SetupFault.other_server) from error
        return offer

    async def hear_tag(self, draft: SiteDraft) -> HeardTag | None:
        settings = self._check(_text_of(draft))
        backend = await BackendSelector(self.radio).resolve(Environment.drill)
        plan = settings_mapping.radio_plan(settings)
        try:
            return await self._listen(backend, plan, draft.site.beacon)
        except (GatewayError, ValueError, OSError) as error:
            raise StepRefused(SetupFault.no_adapter, detail=str(error)) from error

    async def write(self, draft: SiteDraft) -> tuple[str, str]:
        self._check_open()
        text = _text_of(draft)
        self._settings = self._check(text)
        config = self.places.config
        try:
            self._before = config.read_bytes() if config.exists() else None
            aside = device_changes.place_settings(config, text, "before-setup")
            device_changes.set_time_zone(self.places.etc, draft.time_zone)
        except OSError as error:
            raise StepRefused(SetupFault.cannot_write, detail=f"{error.filename}: {error.strerror}") from error
        self.written = True
        return str(config), str(aside or "")

    async def start(self) -> None:
        try:
            await asyncio.to_thread(device_changes.enable_services)
            await asyncio.to_thread(device_changes.restart_services)
        except (OSError, subprocess.SubprocessError) as error:
            raise StepRefused(SetupFault.not_started) from error
        await self.wait_started()

    async def wait_started(self) -> None:
        assert self._settings is not None, "called after write"
        wanted = self._expected(self._settings).fingerprint()
        if await self._until(self.waits.start_s, lambda health: health.get("configuration") == wanted or None) is None:
            raise StepRefused(SetupFault.not_started)

    async def undo(self) -> None:
        config = self.places.config
        try:
            if self._before is None:
                config.unlink(missing_ok=True)
            else:
                device_changes.place_settings(config, self._before.decode("utf-8", "surrogateescape"), "undone")
            await asyncio.to_thread(device_changes.restart_services)
        except (OSError, subprocess.SubprocessError) as error:
            raise StepRefused(SetupFault.cannot_write, detail=str(error)) from error
        self.written = False

    async def read_advert(self) -> tuple[AdvertState, str]:
        assert self._settings is not None, "called after write"
        if not self._settings.advertise.identities:
            return AdvertState.none, ""
        found = await self._until(self.waits.proof_s, _proved)
        if found is not None:
            return found
        try:
            health = await asyncio.to_thread(fetch_json, self._address(), "/healthz")
        except NotRunning as error:
            raise StepRefused(SetupFault.not_started) from error
        states = [each.off_air_s for each in read_advert_status(health.get("advert") or {}).identities]
        on_air = bool(states) and all(each is None for each in states)
        return (AdvertState.not_proved if on_air else AdvertState.off_air), ""

    def _find_blocked(self) -> bool:
        for kind in (self.places.root / "sys/class/rfkill").glob("*/type"):
            with suppress(OSError):
                states = [(kind.parent / name).read_text().strip() for name in ("soft", "hard")]
                if kind.read_text().strip() == "bluetooth" and "1" in states:
                    return True
        return False

    def _enrol(self, invitation: Invitation) -> EnrolmentAnswer:
        state_dir = self.places.state_dir
        make_state_folder(state_dir, _SERVICE)
        with as_owner(state_dir):
            answer = enrol_device(state_dir, Keys(state_dir), invitation)
        self.enrolled_now = True
        with suppress(OSError):
            self.permit.open()  # the same set-up can be continued
        return answer

    def _check_open(self) -> None:
        """A dialogue that was left alone must not change an enrolled device later."""
        if not self.permit.is_open():
            raise StepRefused(SetupFault.closed)

    def _check(self, text: str) -> Settings:
        try:
            return device_changes.check_settings(self.places.config, self.places.state_dir, text)
        except ConfigRefused as refused:
            raise StepRefused(SetupFault.settings_refused, detail=str(refused.faults[0])) from None

    async def _listen(self, backend: str, plan: RadioPlan, own: BeaconId | None) -> HeardTag | None:
        """Return the first tag that is close. Raises GatewayError."""
        radios = make_radios(backend, replace(plan, frames=(), observe_only=True) if backend == "bluez" else plan)
        tags: list[HeardTag] = []
        close = asyncio.Event()

        def hear(sighting: Sighting) -> None:
            if sighting.beacon != own and sighting.rssi is not None and sighting.rssi >= _CLOSE_DBM:
                tags.append(HeardTag(sighting.beacon, sighting.rssi))
                close.set()

        scanning = asyncio.ensure_future(radios.scanner.hear(hear))
        scanning.add_done_callback(lambda _: close.set())
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(close.wait(), self.waits.tag_s)
            if scanning.done():
                scanning.result()  # raises RadioLost
            return tags[0] if tags else None
        finally:
            scanning.cancel()
            with suppress(asyncio.CancelledError, GatewayError):
                await scanning

    def _expected(self, settings: Settings) -> Settings:
        """Return the settings as the gateway at `url` reads them: `run --port` replaces the port."""
        port = urlsplit(self.url).port
        return (
            settings.model_copy(update={"kiosk": settings.kiosk.model_copy(update={"port": port})})
            if port
            else settings
        )

    def _address(self) -> str:
        return self.url or find_address(self.places.config, self.places.state_dir)

    async def _until(self, limit_s: float, read: Callable[[dict[str, object]], _Result | None]) -> _Result | None:
        """Poll the gateway until `read` returns a value; None when the time is over."""
        ends_at = time.monotonic() + limit_s
        while True:
            with suppress(NotRunning):
                health = dict(await asyncio.to_thread(fetch_json, self._address(), "/healthz"))
                if (found := read(health)) is not None:
                    return found
            if time.monotonic() >= ends_at:
                return None
            await asyncio.sleep(0.5)


def _proved(health: dict[str, object]) -> tuple[AdvertState, str] | None:
    for status in read_advert_status(health.get("advert") or {}).identities:
        if status.state == "simulated":
            return AdvertState.simulated, ""
        if status.off_air_s is None and status.heard is not None:
            return AdvertState.proved, status.heard.adapter
    return None


def _text_of(draft: SiteDraft) -> str:
    hall = "".join(each if each.isprintable() else " " for each in draft.hall)
    made = datetime.now(UTC).astimezone().date().isoformat()
    return format_site_file(draft.site, f"{made} 由 by beacon-gateway setup: {hall}")


def _unreachable(error: CentralUnreachable, server: str) -> StepRefused:
    return StepRefused(_UNREACHABLE.get(str(error), SetupFault.no_answer), server=server)


def _default_routes(root: Path) -> list[str]:
    """Return the interfaces of default routes, as proc(5) describes /proc/net/route and ipv6_route."""
    found = []
    with suppress(OSError):
        lines = (root / "proc/net/route").read_text("ascii").splitlines()[1:]
        found += [words[0] for line in lines if len(words := line.split()) > 7 and words[1] == words[7] == "0" * 8]
    with suppress(OSError):
        rows = [line.split() for line in (root / "proc/net/ipv6_route").read_text("ascii").splitlines()]
        found += [row[9] for row in rows if len(row) > 9 and row[:2] == ["0" * 32, "00"] and row[9] != "lo"]
    return found
