"""beacon-gateway update-hours: state whether the site permits an update now; beacon-update asks it."""

from datetime import datetime
from pathlib import Path

from beacon_gateway.commands.effective_settings import load_settings
from beacon_gateway.settings import Updates
from beacon_gateway.settings_mapping import hours_of
from daemonkit.toml import ConfigRefused

NOT_NOW = 75


def update_hours(config: Path, state_dir: Path, now: datetime | None = None) -> int:
    """Return 0 within the hours, 75 outside; settings with faults count as the defaults.

    `now`: local; None: that of the clock.
    """
    try:
        updates = load_settings(config, state_dir).updates
    except ConfigRefused:
        updates = Updates()
    moment = (now or datetime.now().astimezone()).time()
    is_quiet = any(hours.hold(moment) for hours in hours_of(updates.hours))
    text = ", ".join(updates.hours)
    if is_quiet:
        print(f"现在可以更新({text}) updates may be installed now ({text})")
    else:
        print(f"现在不更新,只在 {text} no updates now, only {text}")
    return 0 if is_quiet else NOT_NOW
