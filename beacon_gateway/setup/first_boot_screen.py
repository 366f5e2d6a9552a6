"""The page on the kiosk's screen during the first boot: what happens, or what to do, in three languages."""

import secrets
from dataclasses import dataclass
from gettext import NullTranslations
from pathlib import Path
from time import monotonic

from aiohttp import web

from beacon_gateway.settings import Kiosk, OnlyKiosk
from beacon_gateway.settings_addresses import in_url
from beacon_gateway.setup.first_boot import FirstBootFault
from beacon_gateway.setup.first_boot_wording import DETAIL, FAULTS, STEPS, Notice
from beacon_gateway.store.first_boot_progress import Step
from daemonkit.templates import strict_templates
from daemonkit.toml import ConfigRefused, load
from daemonkit.web import WebRules, guarded_app
from kiosk_ui.assets import STYLE
from sync_contract.strict_model import Language

_FOLDER = Path(__file__).parent / "first_boot_page"


@dataclass
class FirstBootScreen:
    """`hall`, `rotation`: of the bundle. `version` changes with what the page shows."""

    hall: str = ""
    rotation: int | None = None
    step: Step | None = None
    fault: FirstBootFault | None = None
    detail: str = ""
    version: int = 0
    _polled_at: float = 0.0

    def show_step(self, step: Step, hall: str) -> None:
        self.step, self.hall, self.fault, self.detail = step, hall or self.hall, None, ""
        self.version += 1

    def show_fault(self, fault: FirstBootFault, detail: str) -> None:
        if (fault, detail) != (self.fault, self.detail):
            self.fault, self.detail = fault, detail
            self.version += 1

    def app(self, kiosk: Kiosk) -> web.Application:
        """Return the application for the browser of this device."""
        self._polled_at = monotonic()
        templates = strict_templates(_FOLDER, NullTranslations())
        hosts = frozenset(("127.0.0.1", "localhost", in_url(kiosk.host.lower())))
        app = guarded_app(WebRules(allowed_hosts=hosts, secret=secrets.token_bytes(16)))
        sheet = (STYLE / "tokens.css").read_text("utf-8") + (_FOLDER / "page.css").read_text("utf-8")
        script = (_FOLDER / "page.js").read_text("utf-8")

        async def page(_request: web.Request) -> web.Response:
            html = templates.get_template("page.html").render(**self._values())
            return web.Response(text=html, content_type="text/html")

        async def state(_request: web.Request) -> web.Response:
            self._polled_at = monotonic()
            return web.json_response({"version": self.version})

        async def healthz(_request: web.Request) -> web.Response:
            """For kiosk-session, which restarts a browser that shows no page."""
            silent_s = round(monotonic() - self._polled_at, 1)
            screen = {"silent_s": silent_s, "behind_s": 0, "rotation": self.rotation}
            return web.json_response({"ok": False, "first_boot": self.step, "fault": self.fault, "screen": screen})

        async def style(_request: web.Request) -> web.Response:
            return web.Response(text=sheet, content_type="text/css")

        async def behaviour(_request: web.Request) -> web.Response:
            return web.Response(text=script, content_type="text/javascript")

        app.router.add_get("/first-boot/state", state)
        app.router.add_get("/first-boot/page.css", style)
        app.router.add_get("/first-boot/page.js", behaviour)
        app.router.add_get("/healthz", healthz)
        app.router.add_get("/{any:.*}", page)
        return app

    def _values(self) -> dict[str, object]:
        steps = list(Step)
        number = steps.index(self.step) + 1 if self.step else 1
        notices: dict[Language, Notice] = FAULTS[self.fault] if self.fault else STEPS[self.step or steps[0]]
        return {
            "notices": notices,
            "fault": self.fault,
            "detail": self.detail,
            "detail_label": DETAIL,
            "hall": self.hall,
            "number": number,
            "steps": len(steps),
            "version": self.version,
        }


def screen_address(config: Path) -> Kiosk:
    """Return the address of the kiosk by the settings; that of the shipped ones if they cannot be read."""
    try:
        kiosk = load(config, OnlyKiosk).kiosk
    except ConfigRefused:
        return Kiosk()
    return kiosk if kiosk.port else Kiosk()
