"""Describe the Debian packages: their files, programs, services and libraries. debian/build.py builds them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from debian.schema import make_central_schema, make_gateway_schema

ROOT = Path(__file__).resolve().parent.parent
UNITS, USERS = "usr/lib/systemd/system", "usr/lib/sysusers.d"
_JOURNAL = "usr/lib/systemd/journald.conf.d"


@dataclass(frozen=True)
class Package:
    """`description`: lines of the extended description.

    `programs`: name -> module with a `main`, linked into /usr/bin; `files`: target -> source in the tree;
    `services`: restarted by an upgrade; `settings`: copied once from its template below /usr/share; `leftovers`:
    files outside the package that its programs or its administrator made, without which a machine is as before;
    `enabled`: units that a new installation enables, because they wait for a condition;
    `generated`: files that the working tree does not have, by target.
    """

    name: str
    summary: str
    description: Sequence[str]
    requirements: str
    own: Sequence[str]
    programs: Mapping[str, str]
    files: Mapping[str, str]
    depends: Sequence[str]
    services: Sequence[str]
    settings: str
    leftovers: Sequence[str]
    recommends: Sequence[str] = ()
    suggests: Sequence[str] = ()
    enabled: Sequence[str] = ()
    generated: Mapping[str, Callable[[], str]] = MappingProxyType({})

    @property
    def home(self) -> str:
        return f"opt/{self.name}"

    @property
    def template(self) -> str:
        """The path of the settings as shipped."""
        return f"usr/share/{self.name}/{Path(self.settings).name}"


GATEWAY = Package(
    name="beacon-gateway",
    summary="iBeacon gateway and kiosk for community giving",
    description=(
        "Advertises and receives iBeacons in a community hall, and shows the hall's",
        "projects on a touch screen. A gift begins with a touch or a scanned code.",
        "Works without a network; what was registered is delivered later.",
    ),
    requirements="gateway.txt",
    own=("beacon_gateway", "daemonkit", "kiosk_ui", "sync_contract"),
    programs={"beacon-gateway": "beacon_gateway.cli"},
    files={
        f"{UNITS}/beacon-gateway.service": "systemd/beacon-gateway.service",
        f"{UNITS}/beacon-first-boot.service": "systemd/beacon-first-boot.service",
        f"{UNITS}/beacon-kiosk.service": "systemd/beacon-kiosk.service",
        f"{UNITS}/beacon-radio-helper.service": "systemd/beacon-radio-helper.service",
        f"{UNITS}/beacon-radio-helper.socket": "systemd/beacon-radio-helper.socket",
        f"{UNITS}/beacon-radio-reset@.service": "systemd/beacon-radio-reset@.service",
        f"{USERS}/beacon-gateway.conf": "systemd/beacon-gateway.sysusers",
        f"{USERS}/beacon-kiosk.conf": "systemd/beacon-kiosk.sysusers",
        f"{USERS}/beacon-radio-helper.conf": "systemd/beacon-radio-helper.sysusers",
        "usr/share/polkit-1/rules.d/50-beacon-gateway.rules": "systemd/50-beacon-gateway.rules",
        "usr/share/beacon-gateway/demo": "config/demo",
        "usr/share/beacon-gateway/kiosk-keyboard": "systemd/kiosk-keyboard",
        "opt/beacon-gateway/bin/beacon-radio-reset": "systemd/beacon-radio-reset",
        "opt/beacon-gateway/bin/beacon-update": "systemd/beacon-update",
        f"{UNITS}/beacon-update.service": "systemd/beacon-update.service",
        f"{UNITS}/beacon-update.timer": "systemd/beacon-update.timer",
        f"{UNITS}/beacon-update-repair.service": "systemd/beacon-update-repair.service",
        f"{UNITS}/beacon-rollback.path": "systemd/beacon-rollback.path",
        f"{UNITS}/beacon-rollback.service": "systemd/beacon-rollback.service",
        "usr/share/beacon-gateway/beacon-gateway.sources": "systemd/beacon-gateway.sources",
        f"{_JOURNAL}/beacon-gateway.conf": "systemd/beacon-gateway-journald.conf",
        "usr/share/beacon-gateway/monitoring": "config/monitoring",
        "usr/share/beacon-gateway/avahi/beacon-gateway.service": "systemd/beacon-gateway.avahi",
        "usr/share/beacon-gateway/gateway.toml": "config/gateway.toml",
    },
    depends=("bluez (>= 5.66)", "dbus", "libc6", "systemd (>= 252)"),
    recommends=(
        "cage",
        "chromium",
        "fonts-noto-cjk",
        "wlr-randr",
        "polkitd",
        "systemd-timesyncd | time-daemon",
        "speech-dispatcher",
        "speech-dispatcher-espeak-ng",
    ),
    services=("beacon-gateway.service", "beacon-radio-helper.service"),
    enabled=("beacon-first-boot.service", "beacon-update-repair.service", "beacon-rollback.path"),
    settings="/etc/beacon-gateway/gateway.toml",
    generated={"usr/share/beacon-gateway/gateway.schema.json": make_gateway_schema},
    leftovers=("/etc/chromium/policies/managed/beacon-kiosk.json",),
)
CENTRAL = Package(
    name="beacon-central",
    summary="central server for beacon gateways: donations, ledger, staff pages",
    description=(
        "Accepts what gateways register, leads donors to the bank, keeps the ledger,",
        "publishes it in signed sums, and serves the pages of staff and of phones.",
    ),
    requirements="central.txt",
    own=("central_server", "daemonkit", "kiosk_ui", "sync_contract", "volunteering"),
    programs={"beacon-central": "central_server.cli"},
    files={
        f"{UNITS}/beacon-central.service": "systemd/beacon-central.service",
        f"{UNITS}/beacon-central-backup.service": "systemd/beacon-central-backup.service",
        f"{UNITS}/beacon-central-backup.timer": "systemd/beacon-central-backup.timer",
        f"{UNITS}/beacon-drill-bank.service": "systemd/beacon-drill-bank.service",
        f"{USERS}/beacon-central.conf": "systemd/beacon-central.sysusers",
        "usr/share/beacon-central/unionpay.conf": "systemd/beacon-central-unionpay.conf",
        "usr/share/beacon-central/nginx.conf": "config/nginx.conf",
        "usr/lib/tmpfiles.d/beacon-central.conf": "systemd/beacon-central.tmpfiles",
        f"{_JOURNAL}/beacon-central.conf": "systemd/beacon-central-journald.conf",
        "usr/share/beacon-central/monitoring": "config/monitoring",
        "usr/share/beacon-central/central.toml": "config/central.toml",
    },
    depends=("libc6", "systemd (>= 252)"),
    recommends=("beacon-central-pdf", "fonts-noto-cjk"),
    suggests=("beacon-central-dispatch",),
    services=("beacon-central.service", "beacon-drill-bank.service"),
    settings="/etc/beacon-central/central.toml",
    generated={"usr/share/beacon-central/central.schema.json": make_central_schema},
    leftovers=("/etc/systemd/system/beacon-central.service.d/bank.conf",),
)
PACKAGES = (GATEWAY, CENTRAL)


@dataclass(frozen=True)
class LibraryPackage:
    """Libraries that another package uses when they are installed; they lie in its folder. `libraries`: their pins."""

    name: str
    summary: str
    description: Sequence[str]
    user: Package
    libraries: Sequence[str]
    depends: Sequence[str]


PDF = LibraryPackage(
    name="beacon-central-pdf",
    summary="posters, slips and acceptance sheets of beacon-central as PDF",
    description=(
        "The typesetting library that beacon-central uses when it is installed.",
        "Without it, the pages that offer a PDF say that this package is missing;",
        "everything else works.",
    ),
    user=CENTRAL,
    libraries=("typst",),
    depends=("beacon-central", "fonts-noto-cjk", "libc6"),
)
DISPATCH = LibraryPackage(
    name="beacon-central-dispatch",
    summary="plans of volunteers' shifts for beacon-central",
    description=(
        "The solver that beacon-central uses when it is installed.",
        "Without it, the pages of plans say that this package is missing; staff",
        "can still assign people by hand.",
    ),
    user=CENTRAL,
    libraries=("numpy", "scipy"),
    depends=("beacon-central", "libc6"),
)
LIBRARY_PACKAGES = (PDF, DISPATCH)
