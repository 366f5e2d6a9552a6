"""Hold what the command line and tests decide for a server besides its settings."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """`bank_credentials`: folder with the bank's keys. `store`: database URL, "" for a SQLite file in `state`.

    `connections`: maximum to PostgreSQL. `credentials`: folder of systemd's secrets, None where they are in `state`.
    `settings_file`: the TOML, for backups.
    """

    state: Path
    bank_url: str
    bank_credentials: Path
    public_url: str
    port: int
    store: str = ""
    connections: int = 10
    credentials: Path | None = None
    settings_file: Path | None = None


@dataclass(frozen=True, slots=True)
class ServerTimings:
    """`startup_delay_s`: how long stages wait that no visitor needs at once."""

    bank_every_s: float = 1.0
    reconcile_every_s: float = 5.0
    startup_delay_s: float = 5.0


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Requests per second and burst: of one token, and of one address of the shake API."""

    token: tuple[float, int] = (20.0, 200)
    shake: tuple[float, int] = (50.0, 200)
