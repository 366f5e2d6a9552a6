"""Import and export beacons, projects and bindings: all faults at once, all rows or none."""

import csv
import io
import re
from html import unescape
from pathlib import Path

import pytest

from central_server.catalogue import file_import
from central_server.catalogue.entry_warnings import Remark, RowRemark
from central_server.catalogue.field_parsing import Word
from central_server.catalogue.file_import import Plan
from central_server.catalogue.records import Edit
from central_server.commands import export, import_
from central_server.sheets.sheet_reader import read
from central_server.sheets.sheet_writer import csv_file, write_table
from central_server.staff.frame.fault_wording import FAULTS
from central_server.store.accounts import audit_trail
from central_server.store.accounts.audit_actions import BeaconsImported
from central_server.store.catalogue import beacons, bindings, identity_conflicts, projects
from central_server.store.catalogue.beacons import BeaconFilter
from central_server.store.catalogue.bindings import Target
from central_server.store.engine import versioned_rows
from central_server.store.engine.database import Database
from central_server.store.places.places import TOP, Place, PlaceKind, plant, plant_community
from sync_contract.beacon_identity import BeaconId
from sync_contract.strict_model import Language
from tests.fakes.central_process import CONFIG, RunningCentral
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donor import Page
from tests.fakes.editor import Editor
from tests.unit.central_server.catalogue_world import NOW, UUID_1, bound, huada, known, pulled, texts

__all__ = ["huada"]
EDIT = Edit("chen", NOW)
ENGLISH = {"Accept-Language": "en"}
HEAD = "place,uuid,major,minor,kind,label\n"


def row(minor: int | str, label: str = "door", **changed: str) -> str:
    cells = {"place": "huada", "uuid": str(UUID_1), "major": "1", "minor": str(minor), "kind": "place", "label": label}
    return ",".join((cells | changed).values()) + "\n"


async def planned(
    database: Database, content: bytes | str, kind: str = "beacons", place: str = "huada", *, apply: bool = False
) -> Plan:
    sheet = read(content.encode() if isinstance(content, str) else content)
    async with database.write() as connection:
        await versioned_rows.begin(connection)
        found = await file_import.plan(connection, kind, sheet, [place], place, EDIT)
        if apply:
            await file_import.apply(connection, kind, found, "chen", "file.csv", EDIT)
    return found


async def every_beacon(database: Database) -> dict[BeaconId, str]:
    async with database.read() as connection:
        return {each.beacon: each.label for each in await beacons.page(connection, BeaconFilter([TOP]))}


async def test_every_invalid_row_is_reported_and_nothing_changes(huada: Database) -> None:
    bad = HEAD + row(1) + row(70000) + row(2, kind="cat") + "\n" + row("x", label="") + row(1) + row(3, place="nowhere")
    found = await planned(huada, bad)
    assert [(each.row, each.column, each.fault.word) for each in found.faults] == [
        (3, "minor", Word.out_of_range),
        (4, "kind", Word.not_one_of),
        (6, "minor", Word.not_a_number),
        (6, "label", Word.needed),
        (7, "minor", Word.repeated),
        (8, "place", Word.unknown_place),
    ]
    assert found.faults[4].fault.facts == {"row": 2}
    assert await every_beacon(huada) == {}


async def test_unknown_and_repeated_columns_are_reported(huada: Database) -> None:
    found = await planned(huada, "uuid,major,minor,colour,label,label\n" + f"{UUID_1},1,1,red,a,b\n")
    assert [(each.row, each.column, each.fault.word) for each in found.faults] == [
        (1, "colour", Word.unknown_column),
        (1, "label", Word.repeated),
    ]


async def test_the_plan_lists_new_changed_and_unchanged_rows(huada: Database) -> None:
    await planned(huada, HEAD + row(1, "door") + row(2, "hall"), apply=True)
    found = await planned(huada, HEAD + row(1, "gate") + row(2, "hall") + row(3, "yard"), apply=True)
    assert (found.added, found.changed, found.unchanged) == (1, 1, 1)
    assert found.changes[0].fields == (("label", "door", "gate"),)
    assert [*(await every_beacon(huada)).values()] == ["gate", "hall", "yard"]
    async with huada.read() as connection:
        lines = [line for _, line in await audit_trail.page(connection, [TOP])]
    done = [(line.place, line.action) for line in lines if isinstance(line.action, BeaconsImported)]
    assert [(place, action.subject, action.added, action.changed) for place, action in done] == [
        ("huada", "file.csv", 1, 1),
        ("huada", "file.csv", 2, 0),
    ]


async def test_a_column_that_is_left_out_is_left_alone_and_an_empty_one_is_emptied(huada: Database) -> None:
    whole = "uuid,major,minor,kind,label,comment,groups\n"
    await planned(huada, whole + f"{UUID_1},1,1,place,door,new battery,east\n", apply=True)
    await planned(huada, f"uuid,major,minor,comment\n{UUID_1},1,1,\n", apply=True)
    async with huada.read() as connection:
        (row,) = await beacons.page(connection, BeaconFilter([TOP]))
    assert (row.label, row.comment, row.groups, row.revision) == (
        "door",
        "",
        ("east",),
        2,
    )


async def test_probable_mistakes_are_warnings(huada: Database) -> None:
    async with huada.write() as connection:
        await plant(connection, Place("hall", PlaceKind.site, "huada", texts("Hall")), NOW)
        await known(connection, BeaconId(UUID_1, 1, 1), place="hall", groups=("east",))
    powers = "uuid,major,minor,kind,label,measured_power\n" + "".join(
        f"{UUID_1},1,{minor},place,door,{power}\n" for minor, power in ((1, -59), (2, -20), (3, 9), (4, -19))
    )
    found = await planned(huada, powers)
    assert not found.faults
    assert found.warnings == (
        RowRemark(2, Remark.twin, f"{UUID_1}/1/1"),
        RowRemark(4, Remark.strong, "9"),
        RowRemark(5, Remark.strong, "-19"),
    )
    found = await planned(huada, "target,group,project\ngroup,east,lunch\ngroup,eest,lunch\nevery,,lunch\n", "bindings")
    assert (found.faults, found.warnings) == ((), (RowRemark(3, Remark.empty_group, "eest"),))


async def test_a_file_with_an_identity_of_another_community_is_refused_and_its_owner_notified(
    editor: Editor, central: RunningCentral, gateway: DeliveringGateway
) -> None:
    async with central.database() as database, database.write() as connection:
        await plant_community(connection, "neighbours", NOW)
        await known(connection, BeaconId(UUID_1, 1, 1), place="neighbours")
    page = await editor.open("/staff/import?kind=beacons")
    for _ in range(2):
        refused = await editor.send(page, "", "file", "a.csv", (HEAD + row(1) + row(2)).encode(), place="huada")
        assert refused.status == 422
        assert "1 in neighbours already has these numbers." in refused.text()
        assert 'href="/staff/beacons" aria-current="page"' in refused.html
    async with central.database() as database, database.read() as connection:
        conflicts = await identity_conflicts.since(connection, NOW)
    assert {beacon: [*by] for beacon, by in conflicts.items()} == {BeaconId(UUID_1, 1, 1): ["huada"]}
    unplaced = await editor.send(page, "", "file", "a.csv", (HEAD + row(2)).encode())
    assert (unplaced.status, "This field is empty. Fill it in." in unplaced.text()) == (422, True)


async def test_records_of_other_places_can_be_neither_changed_nor_seen(huada: Database) -> None:
    async with huada.write() as connection:
        await known(connection, BeaconId(UUID_1, 1, 1), place="neighbours")
        await bound(connection, Target.every, None, project="lunch", place="neighbours")
        (binding,) = await bindings.every(connection, ["neighbours"])
        assert len(await file_import.export(connection, "beacons", ["huada"], None)) == 1  # the head alone
    found = await planned(huada, HEAD + row(1, place="neighbours"))
    assert [each.fault.word for each in found.faults] == [Word.unknown_place]
    found = await planned(huada, f"id,target,project\n{binding.id},every,lunch\n", "bindings")
    assert [each.fault.word for each in found.faults] == [Word.unknown_binding]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("language", [None, *Language])
async def test_importing_an_export_changes_nothing(huada: Database, form: str, language: Language | None) -> None:
    evil = '=HYPERLINK("http://x"), \'-1+2'
    labels = ["=1+2", "+49", "-5", "@SUM(A1)", "'quoted", "'=both", "a,b;c\td".replace("\t", " "), "床前"]
    async with huada.write() as connection:
        await bound(connection, Target.every, None, project="lunch", hours=("22:00-02:00",), weekdays=(6, 7))
        await bound(connection, Target.beacon, BeaconId(UUID_1, 1, 1), project="ended", zone="near", priority=-3)
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(["uuid", "major", "minor", "kind", "label", "comment"])
    writer.writerows([str(UUID_1), 1, minor, "place", f"'{label}", evil] for minor, label in enumerate(labels))
    await planned(huada, lines.getvalue(), apply=True)
    labels_stored = [*(await every_beacon(huada)).values()]
    assert labels_stored == [label if label.startswith(("=", "+", "-", "@", "'")) else f"'{label}" for label in labels]
    for kind in file_import.KINDS:
        place = TOP if kind == "projects" else "huada"
        async with huada.read() as connection:
            rows = await file_import.export(connection, kind, [place], language)
        content = write_table(form, kind, rows)
        found = await planned(huada, content, kind, place)
        assert (found.faults, found.changes, found.unchanged) == ((), (), len(rows) - 1), kind
        assert len(rows) > 1


async def test_a_file_is_previewed_and_then_imported(
    editor: Editor, central: RunningCentral, gateway: DeliveringGateway
) -> None:
    page = await editor.open("/staff/import?kind=beacons")
    bad = await editor.send(page, "", "file", "bad.csv", (HEAD + row(70000) + row(1)).encode(), place="huada")
    assert bad.status == 422
    cells = [unescape(cell) for cell in re.findall(r"<td[^>]*>([^<]*)</td>", bad.html)]
    assert cells == ["2", "minor", "70000", "Write a number from 0 to 65535."]
    refused = await editor.send(page, "", "file", "bad.xlsx", b"PK\x03\x04", place="huada")
    assert (refused.status, "cannot be read" in refused.text()) == (422, True)
    other = await editor.send(page, "", "file", "good.csv.html", (HEAD + row(1)).encode(), place="huada")
    assert (other.status, "cannot be read" in other.text()) == (422, True), "taken, whatever it is called"
    good = await editor.send(page, "", "file", "good.csv", (HEAD + row(1) + row(2)).encode(), place="huada")
    assert "/staff/import/" in good.url
    assert (await pulled(gateway, central)).beacons == ()
    async with central.database() as database, database.write() as connection:
        await known(connection, BeaconId(UUID_1, 1, 2))
    again = await agreed(editor, good)
    assert (again.status, "Check it again." in again.text()) == (409, True)
    done = await agreed(editor, again)
    assert done.url.endswith("/staff/import?kind=beacons&done=1-1")
    assert len((await pulled(gateway, central)).beacons) == 2
    assert (await agreed(editor, again)).status == 404


async def agreed(editor: Editor, page: Page) -> Page:
    """Press the button of the preview."""
    digest = re.findall(r'name="digest" value="([0-9a-f]+)"', page.html)[0]
    csrf = re.findall(r'name="csrf" value="([^"]+)"', page.html)[0]
    async with editor.session.post(page.url, data={"csrf": csrf, "digest": digest}, headers=ENGLISH) as answer:
        return Page(answer.status, str(answer.url), await answer.text())


async def test_an_exported_file_is_named_and_never_shown_in_the_browser(
    editor: Editor, central: RunningCentral
) -> None:
    async with editor.session.get(f"{central.url}/staff/export?kind=projects&format=xlsx") as answer:
        assert answer.headers["Content-Disposition"] == 'attachment; filename="projects.xlsx"'
        sheet = read(await answer.read())
    assert [line[1][1] for line in sheet.rows] == ["lunch", "ended"]
    for query in ("kind=accounts&format=csv", "kind=beacons&format=exe", ""):
        async with editor.session.get(f"{central.url}/staff/export?{query}") as answer:
            assert answer.status == 404


def test_the_commands_do_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config, file, out = tmp_path / "central.toml", tmp_path / "beacons.csv", tmp_path / "out.xlsx"
    config.write_text(CONFIG, encoding="utf-8")
    file.write_text(HEAD + row(1, place="all") + row(70000, place="all"), encoding="utf-8")
    assert import_.run(config, tmp_path, "beacons", file, "all", yes=True) == 1
    output = capsys.readouterr()
    assert f"{file}: row 3, minor: Write a number from 0 to 65535. (got '70000')" in output.err
    file.write_text(HEAD + row(1, place="all"), encoding="utf-8")
    for yes, expected in ((False, "nothing was changed; --yes imports: 1 new"), (True, "imported: 1 new")):
        assert import_.run(config, tmp_path, "beacons", file, "all", yes=yes) == 0
        assert expected in capsys.readouterr().out
    assert export.run(config, tmp_path, "beacons", out, "all") == 0
    assert import_.run(config, tmp_path, "beacons", out, "all", yes=True) == 0
    assert "imported: 0 new, 0 changed, 1 unchanged" in capsys.readouterr().out
    for code in (
        export.run(config, tmp_path, "beacons", out, "nowhere"),
        import_.run(config, tmp_path, "beacons", file, "nowhere", yes=True),
        import_.run(config, tmp_path, "beacons", tmp_path / "none.csv", "all", yes=True),
    ):
        assert code == 1


async def test_a_project_is_imported_completely_or_not_at_all(huada: Database) -> None:
    async with huada.read() as connection:
        heads, *rows = await file_import.export(connection, "projects", [TOP], None)
    rows_by_head = [dict(zip(map(str, heads), line, strict=True)) for line in rows]
    rows_by_head[0] |= {"amounts_yuan": "5 20", "title_en": "Soup"}
    rows_by_head[0] |= {
        "pays_for_zh_hans": "20 约两份午餐",
        "pays_for_zh_hant": "20：約兩份午餐",
        "pays_for_en": "¥20 two lunches",
    }
    rows_by_head[1] |= {"filing": ""}
    content = csv_file([heads, *([*line.values()] for line in rows_by_head)])
    found = await planned(huada, content, "projects", TOP)
    assert [(each.row, each.column, each.fault.word) for each in found.faults] == [
        (3, "filing", Word.permit_incomplete)
    ]
    rows_by_head[1] |= {"filing": "F-2"}
    await planned(huada, csv_file([heads, *([*line.values()] for line in rows_by_head)]), "projects", TOP, apply=True)
    async with huada.read() as connection:
        offered = {project.id: project for project in await projects.all_offered(connection, "huada")}
    assert offered["lunch"].amounts_fen == (500, 2000)
    assert [(each.fen, each.text.zh_hant, each.text.en) for each in offered["lunch"].pays_for] == [
        (2000, "約兩份午餐", "two lunches")
    ]
    async with huada.read() as connection:
        _, *again = await file_import.export(connection, "projects", [TOP], None)
    assert dict(zip(heads, again[0], strict=True))["pays_for_zh_hant"] == "20 約兩份午餐"
    assert offered["ended"].permit is not None
    assert offered["ended"].permit.filing == "F-2"


@pytest.mark.parametrize(
    ("changes", "column", "word", "facts"),
    [
        ({"pays_for_en": "two lunches"}, "pays_for_en", Word.not_an_example, {"line": "two lunches"}),
        ({"pays_for_en": "-20 two lunches"}, "pays_for_en", Word.not_an_example, {"line": "-20 two lunches"}),
        ({"pays_for_en": "7 a lunch"}, "pays_for_en", Word.not_on_a_button, {"amount": "7", "allowed": "5 20"}),
        ({"pays_for_en": "20 two\n20 twice"}, "pays_for_en", Word.amount_twice, {"amount": "20"}),
        (
            {"pays_for_zh_hans": "20 一二三四五六七八九十一"},
            "pays_for_zh_hans",
            Word.example_too_long,
            {"amount": "20", "length": 11, "most": 10},
        ),
        ({"pays_for_zh_hant": ""}, "pays_for_zh_hant", Word.example_missing, {"amount": "20"}),
        ({"pays_for_en": "20 a\n" * 5}, "pays_for_en", Word.too_many, {"most": 4}),
    ],
)
async def test_an_example_that_fits_no_button_is_named_with_its_remedy(
    huada: Database, changes: dict[str, str], column: str, word: Word, facts: dict[str, str | int]
) -> None:
    async with huada.read() as connection:
        heads, *rows = await file_import.export(connection, "projects", [TOP], None)
    lunch = dict(zip(map(str, heads), rows[0], strict=True)) | {"amounts_yuan": "5 20"}
    lunch |= {"pays_for_zh_hans": "20 两份", "pays_for_zh_hant": "20 兩份", "pays_for_en": "20 two lunches"} | changes
    found = await planned(huada, csv_file([heads, [*lunch.values()]]), "projects", TOP)
    first = found.faults[0]
    assert (first.row, first.column, first.fault.word, first.fault.facts) == (2, column, word, facts)
    assert FAULTS[word] % facts
