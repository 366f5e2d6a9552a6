"""Form the settings file of a new site: about ten lines with comments; every other setting has its default."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sync_contract.beacon_identity import BeaconId
from sync_contract.project import Texts
from sync_contract.records import HandoffKind
from sync_contract.strict_model import Environment, Language


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """What an installer decides about a site. `beacon` None: it advertises nothing.

    `link_url`, `link_hosts`: of a site without a central server, see [handoff].
    """

    community: Texts
    environment: Environment
    beacon: BeaconId | None
    project: str = ""
    language: Language = Language.zh_hans
    rotation: Literal[0, 90, 180, 270] = 0
    link_url: str = ""
    link_hosts: tuple[str, ...] = ()


def format_site_file(site: SiteFacts, origin: str) -> str:
    """Return the text of gateway.toml. `origin`: one line in Chinese and English that names what wrote it."""
    return "\n".join(_lines(site, origin)) + "\n"


def _lines(site: SiteFacts, origin: str) -> Iterator[str]:
    yield f"# {origin}"
    yield "# 其他设置都用默认值,说明见 Every other setting has its default; explained in"
    yield "# /usr/share/beacon-gateway/gateway.toml"
    yield ""
    yield "[site]"
    yield f"community = {{ {_texts(site.community)} }}"
    yield "# drill = 演练 no real money; real = 真实捐款 real donations"
    yield f"environment = {_text(site.environment)}"
    yield ""
    yield "# 本站发出的 iBeacon The iBeacon of this site"
    yield "[advertise]"
    yield f"enabled = {'true' if site.beacon else 'false'}"
    if site.beacon:
        yield f"uuid = {_text(str(site.beacon.uuid))}"
        yield f"major = {site.beacon.major}"
        yield f"minor = {site.beacon.minor}"
        if site.project:
            yield f"project = {_text(site.project)}"
    yield ""
    yield "[handoff]"
    if site.link_url:
        yield "# 捐款在这个公开页面完成 Gifts are completed on this public page"
        yield f"kind = {_text(HandoffKind.link)}"
        yield f"link_url = {_text(site.link_url)}"
        yield f"link_hosts = [{', '.join(map(_text, site.link_hosts))}]"
    else:
        yield "# 捐款交给登记过的中心服务器 Gifts go through the server where this device is enrolled"
        yield f"kind = {_text(HandoffKind.ticket)}"
    yield ""
    yield "[kiosk]"
    yield "# 无人触摸时的文字 The language while nobody touches the screen"
    yield f"language = {_text(site.language)}"
    yield "# 屏幕转多少度 Rotation of the screen in degrees"
    yield f"rotation = {site.rotation}"


def _texts(texts: Texts) -> str:
    return ", ".join(f"{language} = {_text(texts[language])}" for language in Language)


def _text(text: str) -> str:
    """Return a basic string of TOML 1.0, which differs from JSON only in DEL."""
    return json.dumps(str(text), ensure_ascii=False).replace("\x7f", "\\u007f")
