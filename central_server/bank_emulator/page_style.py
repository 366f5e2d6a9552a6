"""The templates, style sheet and language selection shared by all emulated banks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from kiosk_ui.languages import best_language
from sync_contract.strict_model import Language

_FOLDER = Path(__file__).parent
_templates = Environment(
    loader=FileSystemLoader(_FOLDER / "templates"), autoescape=True, undefined=StrictUndefined, auto_reload=False
)
_NAMES = {Language.zh_hans: "简体", Language.zh_hant: "繁體", Language.en: "English"}


def language(request: web.Request) -> Language:
    return best_language(request.query.get("lang"), request.headers.get("Accept-Language", ""))


def render(
    request: web.Request,
    status: int,
    template: str,
    all_texts: Mapping[Language, Mapping[str, str]],
    **facts: Any,  # noqa: ANN401  (the template's own)
) -> web.Response:
    chosen = language(request)
    html = _templates.get_template(template).render(
        language=chosen.value, names=_NAMES, texts=all_texts[chosen], path=request.path, **facts
    )
    return web.Response(status=status, text=html, content_type="text/html")


async def serve_style(request: web.Request) -> web.FileResponse:
    return web.FileResponse(_FOLDER / "bank.css", headers={"Cache-Control": "max-age=3600"})
