"""beacon-central check-config: check a settings file."""

import sys
from pathlib import Path

from central_server.commands.exit_codes import CONFIGURATION
from central_server.settings import Settings
from central_server.settings_parts import MessageSettings
from daemonkit.toml import ConfigRefused, load, locate


def run(config: Path) -> int:
    try:
        settings = load(config, Settings)
        placeholders = locate(config, Settings, settings.placeholders())
    except ConfigRefused as refused:
        print(refused, file=sys.stderr)
        return CONFIGURATION
    for each in placeholders:
        print(f"{each} (演练可以,真实捐款不行 allowed in a drill only)", file=sys.stderr)
    print(f"{config}: good ({len(settings.projects)} projects, {settings.site.environment})")
    if settings.volunteering.enabled:
        print(f"volunteering: on; {describe_messages(settings.volunteering.messages)}")
    return 0


def describe_messages(messages: MessageSettings) -> str:
    """Say how messages reach volunteers."""
    if messages.kind == "mail":
        return f"messages go by mail to {messages.mail_address}"
    if messages.kind == "http":
        return f"messages go by {messages.url}"
    return "no sender: codes are shown on the page, which is allowed in a drill only"
