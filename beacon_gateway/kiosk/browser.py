"""Start the browser of the screen, and restrict it to the kiosk's pages by policy.

Policy names: Chromium Enterprise policy list. On Debian the files in /etc/chromium/policies/managed apply to all users.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from beacon_gateway.settings_addresses import in_url

_INTERNAL = ("chrome", "chrome-untrusted", "chrome-extension", "devtools", "about", "view-source", "file", "data")


def kiosk_origin(host: str, port: int) -> str:
    """Return the origin under which this device's browser reaches a gateway that listens on `host`."""
    return f"http://{in_url(host)}:{port}"


def browser_policy(host: str, port: int) -> Mapping[str, Any]:
    """Allow only the kiosk's pages: no other address, file, window, download, printer or developer tools."""
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
        "URLAllowlist": [kiosk_origin(host, port)],
        "URLBlocklist": [
            "*",
            *(f"{scheme}://*" for scheme in _INTERNAL),
        ],  # "*" lacks the browser's own pages
    }


def browser_command(browser: str, url: str, profile: Path, *, wayland: bool) -> list[str]:
    """Return the command line. `profile`: a folder in memory, so nothing of a resident survives the browser."""
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
        "--enable-speech-dispatcher",  # Chromium on Linux needs it to speak with local voices
        f"--user-data-dir={profile}",
        url,
    ]
