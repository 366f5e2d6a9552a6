"""The browser on the screen: how it is started, and the policy that keeps it on the kiosk's page.

Policy names: Chromium Enterprise policy list. On Debian the files of /etc/chromium/policies/managed hold for all users.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from beacon_gateway.settings_addresses import in_url

_INTERNAL = ("chrome", "chrome-untrusted", "chrome-extension", "devtools", "about", "view-source", "file", "data")
POLICY_FILE = Path("/etc/chromium/policies/managed/beacon-kiosk.json")


def origin(host: str, port: int) -> str:
    """Where the browser of this device finds the page of a gateway that listens on `host`."""
    return f"http://{in_url(host)}:{port}"


def policy(host: str, port: int) -> Mapping[str, Any]:
    """Nothing but the kiosk's own pages: no other address, file, window, download, printer, developer tools."""
    return {
        "AllowFileSelectionDialogs": False,
        "AutofillAddressEnabled": False,
        "AutofillCreditCardEnabled": False,
        "BackgroundModeEnabled": False,
        "BrowserAddPersonEnabled": False,
        "BrowserGuestModeEnabled": False,
        "BrowserSignin": 0,
        "DefaultGeolocationSetting": 2,
        "DefaultNotificationsSetting": 2,
        "DefaultPopupsSetting": 2,
        "DeveloperToolsAvailability": 2,
        "DownloadRestrictions": 3,
        "EditBookmarksEnabled": False,
        "ExtensionInstallBlocklist": ["*"],
        "IncognitoModeAvailability": 1,
        "MetricsReportingEnabled": False,
        "NetworkPredictionOptions": 2,
        "PasswordManagerEnabled": False,
        "PrintingEnabled": False,
        "SearchSuggestEnabled": False,
        "SyncDisabled": True,
        "TaskManagerEndProcessEnabled": False,
        "TranslateEnabled": False,
        "URLAllowlist": [origin(host, port)],
        "URLBlocklist": ["*", *(f"{scheme}://*" for scheme in _INTERNAL)],  # "*" leaves the browser's own pages out
    }


def command(browser: str, url: str, profile: Path, *, wayland: bool) -> list[str]:
    """`profile` lies in memory: nothing of a resident outlives the browser. The sandbox stays on."""
    return [
        browser,
        "--kiosk",
        *(["--ozone-platform=wayland"] if wayland else []),
        "--no-first-run",
        "--noerrdialogs",
        "--hide-crash-restore-bubble",
        "--disable-pinch",
        "--overscroll-history-navigation=0",
        "--password-store=basic",
        "--disable-component-update",
        "--autoplay-policy=no-user-gesture-required",
        "--enable-speech-dispatcher",  # without it Chromium on Linux has no voice of this machine
        f"--user-data-dir={profile}",
        url,
    ]
