"""The supplied settings files are valid, complete and explained."""

import re
from datetime import UTC, datetime

import pytest
from pydantic import BaseModel

import central_server.settings
from beacon_gateway.settings import Settings
from daemonkit.toml import load
from sync_contract.permit import judge
from sync_contract.strict_model import Environment
from tests.paths import ROOT

CONFIG = ROOT / "config"
GATEWAY, CENTRAL = Settings, central_server.settings.Settings
HAN = re.compile("[\u4e00-\u9fff]")


@pytest.mark.parametrize(
    ("file", "model"),
    [
        ("gateway.toml", GATEWAY),
        ("demo/gateway.toml", GATEWAY),
        ("central.toml", CENTRAL),
        ("demo/central.toml", CENTRAL),
    ],
)
def test_each_file_is_valid_and_a_drill(file: str, model: type[BaseModel]) -> None:
    settings = load(CONFIG / file, model)
    assert settings.site.environment is Environment.drill  # type: ignore[attr-defined]  # both models have a site


@pytest.mark.parametrize(("file", "model"), [("gateway.toml", GATEWAY), ("central.toml", CENTRAL)])
def test_the_file_contains_every_key(file: str, model: type[BaseModel]) -> None:
    text = (CONFIG / file).read_text("utf-8")
    schema = model.model_json_schema()
    sections = {"top": schema, **schema["$defs"]}
    keys = {key for name, section in sections.items() if name != "top" for key in section.get("properties", {})}
    keys -= {"paid_fen", "helped", "elsewhere", "help", "households", "months", "month", "phrases"}
    # these are not allowed in a file: the central server knows them
    assert {key for key in keys if not re.search(rf"(^|[{{ ,.]){re.escape(key)}( = |\])", text, re.MULTILINE)} == set()
    assert {key for key in schema["properties"] if f"[{key}" not in text} == set()


@pytest.mark.parametrize("file", ["gateway.toml", "central.toml"])
def test_every_key_of_a_section_is_explained_in_chinese_and_english(file: str) -> None:
    lines = (CONFIG / file).read_text("utf-8").splitlines()
    explained: set[str] = set()
    comment, before = "", ""
    for line in lines:
        key = re.match(r"([a-z_]+) = ", line)
        if line.startswith("#"):
            comment = comment + line if before.startswith("#") else line
        before = line
        if key and key[1] not in explained:
            explanation = comment + line.partition("#")[2]
            assert HAN.search(explanation), f"{line}: no Chinese"
            assert re.search("[A-Za-z]{3}", explanation), f"{line}: no English"
            explained.add(key[1])


def test_the_file_shows_the_defaults() -> None:
    shown = load(CONFIG / "gateway.toml", GATEWAY)
    for section in ("radio", "presence", "kiosk", "central"):
        assert getattr(shown, section) == type(getattr(shown, section))()


def test_the_demo_offers_two_open_projects_and_one_for_information() -> None:
    gateway, central = load(CONFIG / "demo/gateway.toml", GATEWAY), load(CONFIG / "demo/central.toml", CENTRAL)
    assert gateway.projects == central.projects
    for year in (2026, 2036):
        at = datetime(year, 6, 1, tzinfo=UTC)
        judged = {project.id: judge(project.permit, at).open for project in gateway.projects}
        assert judged == {"elder-lunch": True, "student-aid": True, "info-only": False}
    assert all("演练" in project.permit.filing for project in gateway.projects if project.permit)
    assert [(beacon.tag_class, beacon.project) for beacon in gateway.beacons] == [("volunteer-card", "elder-lunch")]
    assert (gateway.kiosk.port, central.server.port) == (8080, 0)  # the demo selects free ports itself


def test_no_tag_of_a_person_is_known_to_the_central_server() -> None:
    tags = {beacon.id for beacon in load(CONFIG / "demo/gateway.toml", GATEWAY).beacons}
    bound = {entry.beacon for entry in load(CONFIG / "demo/central.toml", CENTRAL).bindings}
    assert not tags & bound
