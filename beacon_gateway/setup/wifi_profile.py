"""Write a Wi-Fi network as a NetworkManager profile and connect to it.

Format: NetworkManager's keyfile, nm-settings-keyfile(5); escapes as in GLib's key files.
"""

import subprocess
from pathlib import Path

from daemonkit.files import write_atomically
from sync_contract.enrolment_bundle import BundleNetwork

PROFILE = "beacon-hall"
_FOLDER = "NetworkManager/system-connections"
_LIMIT_S = 90


def write_profile(etc: Path, network: BundleNetwork) -> None:
    """Write the profile, which only root reads. Raises OSError."""
    folder = etc / _FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_atomically(folder / f"{PROFILE}.nmconnection", format_profile(network).encode())


def format_profile(network: BundleNetwork) -> str:
    # As numbers: a name in letters would need other escapes in each version of NetworkManager.
    ssid = "".join(f"{byte};" for byte in network.wifi.encode())
    lines = ["[connection]", f"id={PROFILE}", "type=wifi", "", "[wifi]", "mode=infrastructure", f"ssid={ssid}"]
    if network.passphrase:
        lines += ["", "[wifi-security]", "key-mgmt=wpa-psk", f"psk={_escape(network.passphrase)}"]
    return "\n".join((*lines, "", "[ipv4]", "method=auto", "", "[ipv6]", "method=auto", ""))


def connect() -> str:
    """Connect by the profile; return why it failed, empty if it did not."""
    commands = (
        ("rfkill", "unblock", "wifi"),
        ("nmcli", "radio", "wifi", "on"),
        ("nmcli", "connection", "reload"),
        ("nmcli", "connection", "up", PROFILE),
    )
    problem = ""
    for words in commands:
        try:
            ended = subprocess.run(words, check=False, capture_output=True, text=True, timeout=_LIMIT_S)  # noqa: S603  (constants)
        except (OSError, subprocess.TimeoutExpired) as error:
            problem = f"{words[0]}: {error.strerror if isinstance(error, OSError) else 'timeout'}"
            continue
        problem = ended.stderr.strip().splitlines()[-1] if ended.returncode and ended.stderr.strip() else ""
        if ended.returncode and not problem:
            problem = f"{words[0]}: {ended.returncode}"
    return problem[:200]


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace(" ", "\\s")
