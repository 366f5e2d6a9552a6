"""Test posters and stickers by reading them back."""

import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from uuid import UUID

import pytest
from PIL import Image, ImageDraw

from central_server.catalogue.picture_check import content_type
from kiosk_ui.paper import typesetting
from kiosk_ui.paper.beacon_address import AddressRefused, poster_address, tag_address
from kiosk_ui.paper.poster import Paper, PosterFacts, poster_pdf
from kiosk_ui.paper.typesetting import TypesettingUnavailable, typeset
from kiosk_ui.qr import paper_code_svg
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import Focus
from sync_contract.project import Project
from sync_contract.strict_model import Environment, Language
from tests.browser.projects import LUNCH, SITE, TEA, texts
from tests.unit.kiosk_ui.printed import codes, found, printed

pytestmark = pytest.mark.thorough

BEACON = BeaconId(UUID("fda50693-a4e2-4fb1-afcf-c6eb07647825"), 10001, 65535)
FACTS = PosterFacts(
    environment=Environment.real,
    community=SITE,
    public_url="https://give.example.org",
    beacon=BEACON,
    project=LUNCH,
    phone="0595-2269 0000",
)
UNHEARD = texts("不记录您的手机", "這裡不會記錄您的手機", "Your phone is not recorded")
ADDRESS = "https://GIVE.EXAMPLE.ORG/H/FDA50693-A4E2-4FB1-AFCF-C6EB07647825/10001/65535"
A4, A3 = (210, 297), (297, 420)
PAIRS = ((Language.zh_hans, Language.en), (Language.zh_hant, Language.en))
LONG_PAYEE = texts(
    "福建省泉州市丰泽区示例慈善基金会联合会",
    "福建省泉州市豐澤區示例慈善基金會聯合會",
    "Federation of Example Charities of Fengze District",
)
LONG_TITLE = texts(
    "四十年老街坊互助送餐计划与探访",
    "四十年老街坊互助送餐計畫與探訪",
    "Lunch and a visit for elders, each day",
)
LONG_SUMMARY = texts(
    "每天送一份热午餐给独居长者。" * 9,
    "每天送一份熱午餐給獨居長輩。" * 9,
    "A hot lunch for elders. " * 9,
)
PAID = ("到账", "到帳", "已付", "已捐", "paid", "Paid")
LONGEST = LUNCH.model_copy(update={"title": LONG_TITLE, "summary": LONG_SUMMARY, "payee": LONG_PAYEE})


@pytest.mark.parametrize(
    ("paper", "size", "languages"),
    [(Paper.a4, A4, (Language.zh_hans,)), (Paper.a4, A4, PAIRS[1]), (Paper.a3, A3, PAIRS[0])],
)
def test_a_phone_reads_the_posters_code_and_a_person_everything_else(
    paper: Paper, size: tuple[int, int], languages: tuple[Language, ...]
) -> None:
    page = printed(poster_pdf(FACTS, paper, languages))
    assert (page.pages, page.size) == (1, size)
    assert codes(page.picture(100)) == [ADDRESS]
    permit = LUNCH.permit
    assert permit is not None
    for language in languages:
        wanted = (SITE[language], LUNCH.title[language], LUNCH.summary[language], LUNCH.payee[language])
        for text in (*wanted, permit.organisation, permit.certificate, permit.filing, permit.area, FACTS.phone):
            assert "".join(text.split()) in page.text
    assert not [word for word in PAID if word in page.text]
    assert "give.example.org" in page.text
    assert page.faces
    for name, embedded in page.faces:
        assert embedded, name
        assert name.startswith(("NotoSansCJK", "NotoSerifCJK")), name


@pytest.mark.parametrize(
    ("paper", "languages"),
    [(Paper.stickers, (Language.zh_hans,)), (Paper.stickers, PAIRS[1]), (Paper.nfc, PAIRS[0])],
)
def test_each_sticker_is_read_with_a_scratch_and_a_blot_and_its_number_is_large_enough_to_dial(
    paper: Paper, languages: tuple[Language, ...]
) -> None:
    page = printed(poster_pdf(FACTS, paper, languages))
    assert (page.pages, page.size) == (1, A4)
    picture = page.picture(150)
    where = found(picture)
    assert list(where.values()) == [ADDRESS] * 8
    draw = ImageDraw.Draw(picture)
    for left, top, right, bottom in where:
        middle, side = (top + bottom) // 2, bottom - top
        draw.line((left, middle, right, middle), fill="white", width=side // 30)
        draw.rectangle((right - side // 3, middle + side // 10, right - side // 5, middle + side // 4), fill="black")
    assert codes(picture) == [ADDRESS] * 8
    assert page.text.count("".join(LUNCH.title[languages[0]].split())) == 8
    for language in languages:
        assert page.text.count("".join(UNHEARD[language].split())) == 8
    assert not [word for word in PAID if word in page.text]
    size, ink = page.as_printed(FACTS.phone)
    assert size >= 11
    assert ink, "its last digit is not cut by the sticker's edge"


def test_the_sheet_for_nfc_says_in_words_what_is_written_on_the_tags() -> None:
    page = printed(poster_pdf(FACTS, Paper.nfc))
    written = tag_address(FACTS.public_url, BEACON, FACTS.environment)
    assert written == f"{ADDRESS.lower()}?nfc"
    assert written in page.text
    assert page.text.count("手机靠近这里") == 8
    assert "?nfc" not in printed(poster_pdf(FACTS, Paper.stickers)).text


@pytest.mark.parametrize(("paper", "languages"), [*zip(Paper, (*PAIRS, *PAIRS), strict=True)])
def test_a_print_without_a_permit_does_not_mention_payment(paper: Paper, languages: tuple[Language, ...]) -> None:
    text = printed(poster_pdf(replace(FACTS, project=TEA), paper, languages)).text
    assert not [word for word in PAID if word in text]


@pytest.mark.parametrize(
    ("paper", "language", "word"),
    [
        (Paper.a4, "en", "Drill"),
        (Paper.a3, "zh-Hant", "演練"),
        (Paper.stickers, "en", "Drill"),
        (Paper.nfc, "zh-Hans", "演练"),
    ],
)
def test_a_drill_is_marked_where_nothing_else_is_printed(paper: Paper, language: str, word: str) -> None:
    title = texts("长者午餐", "長輩午餐", "A warm lunch")
    plain = LUNCH.model_copy(update={"title": title, "payee": title, "permit": None})
    real = replace(FACTS, project=plain)
    drill = replace(real, environment=Environment.drill)
    marks = 1 if paper in (Paper.a4, Paper.a3) else 8
    result = printed(poster_pdf(drill, paper, [Language(language)]))
    assert result.text.count(word) == marks + 1
    assert not result.overlapped(word)
    assert ADDRESS in codes(result.picture(150))
    assert word not in printed(poster_pdf(real, paper, [Language(language)])).text


def test_without_a_permit_the_poster_asks_nobody_to_give() -> None:
    page = printed(poster_pdf(replace(FACTS, project=TEA), Paper.a4))
    assert "仅供了解" in page.text
    assert "选一个金额" not in page.text
    assert "选一个金额" in printed(poster_pdf(FACTS, Paper.a4)).text


@pytest.mark.parametrize(
    ("paper", "languages"),
    [
        *((paper, languages) for paper in (Paper.a4, Paper.stickers) for languages in PAIRS),
        *((Paper.a3, PAIRS[0]), (Paper.nfc, PAIRS[1])),
        *((Paper.a4, (Language.en,)), (Paper.stickers, (Language.zh_hant,))),  # in one language
    ],
)
def test_the_longest_texts_still_fit_the_page(paper: Paper, languages: tuple[Language, ...]) -> None:
    page = printed(poster_pdf(replace(FACTS, project=LONGEST), paper, languages))
    assert page.pages == 1
    assert set(codes(page.picture(150))) == {ADDRESS}
    if paper in (Paper.a4, Paper.a3):
        assert "".join(LONGEST.summary[languages[-1]].split()) in page.text
        assert FACTS.phone.replace(" ", "") in page.text


def test_the_same_facts_are_the_same_octets() -> None:
    assert poster_pdf(FACTS, Paper.a4) == poster_pdf(FACTS, Paper.a4)
    assert poster_pdf(FACTS, Paper.a4) != poster_pdf(replace(FACTS, phone=""), Paper.a4)


@pytest.mark.parametrize("url", ["", "http://give.example.org", "http://127.0.0.1:8040"])
def test_a_real_poster_never_leads_nowhere_or_over_an_open_line(url: str) -> None:
    with pytest.raises(AddressRefused, match="public_url"):
        poster_pdf(replace(FACTS, public_url=url), Paper.a4)


def test_a_drill_may_stay_on_its_own_machine_but_not_without_an_address() -> None:
    assert poster_address("http://127.0.0.1:8040", BEACON, Environment.drill).startswith("http://127.0.0.1:8040/H/FDA5")
    with pytest.raises(AddressRefused, match="empty"):
        poster_address("", BEACON, Environment.drill)


def test_the_address_takes_the_small_code_of_capitals() -> None:
    side = len(paper_code_svg(ADDRESS)), len(paper_code_svg(ADDRESS.lower()))
    assert side[0] < side[1]


def test_a_server_without_typst_names_the_package_that_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(TypesettingUnavailable, match="install the Debian package beacon-central-pdf"):
        typeset("poster.typ", {})


def test_missing_fonts_are_named_with_their_package(tmp_path: Path) -> None:
    with pytest.raises(TypesettingUnavailable, match="fonts-noto-cjk"):
        typeset("poster.typ", {}, fonts=tmp_path)


@pytest.mark.parametrize("languages", [(), (Language.en, Language.en), tuple(Language)])
def test_a_page_is_in_one_language_or_in_two(languages: tuple[Language, ...]) -> None:
    with pytest.raises(ValueError, match="one language or in two"):
        poster_pdf(FACTS, Paper.a4, languages)


def test_markup_in_a_name_is_printed_as_it_stands() -> None:
    sly = '#panic("x") *b* $a$ \\ <i> "quoted"'
    project: Project = LUNCH.model_copy(update={"summary": texts(sly, sly, sly)})
    assert "".join(sly.split()) in printed(poster_pdf(replace(FACTS, project=project), Paper.a4)).text


def test_a_picture_of_the_staff_stands_on_the_poster() -> None:
    content = BytesIO()
    Image.new("RGB", (80, 60), (0, 0, 255)).save(content, "PNG")
    picture = printed(poster_pdf(replace(FACTS, picture=content.getvalue()), Paper.a4)).picture(40).convert("RGB")
    colours = picture.getcolors(maxcolors=1 << 20)
    assert colours is not None
    assert sum(count for count, colour in colours if colour == (0, 0, 255)) > 500


@pytest.mark.parametrize("focus", [Focus.top, Focus.bottom])
def test_a_poster_crops_a_photograph_round_its_focus(focus: Focus) -> None:
    tall, content = Image.new("RGB", (60, 600), (0, 255, 0)), BytesIO()
    tall.paste((0, 0, 255), (0, 0, 60, 300))
    tall.save(content, "PNG")
    facts = replace(FACTS, picture=content.getvalue(), focus=focus)
    picture = printed(poster_pdf(facts, Paper.a4)).picture(40).convert("RGB")
    colours = {colour for _, colour in picture.getcolors(maxcolors=1 << 20) or ()}
    assert ((0, 0, 255) in colours, (0, 255, 0) in colours) == (focus is Focus.top, focus is Focus.bottom)


def test_instead_of_a_damaged_picture_the_drawing_stands_on_the_poster() -> None:
    content = BytesIO()
    Image.new("RGB", (90, 60), "red").save(content, "PNG")
    damaged = content.getvalue().replace(b"IDAT", b"JDAT")
    assert content_type(damaged) == "image/png", "staff can upload it"
    assert poster_pdf(replace(FACTS, picture=damaged), Paper.a4) == poster_pdf(FACTS, Paper.a4)


def test_the_templates_are_packed_with_the_program() -> None:
    assert {path.name for path in typesetting.FOLDER.glob("*.typ")} == {
        "acceptance.typ",
        "certificate.typ",
        "frame.typ",
        "poster.typ",
        "slip.typ",
        "stickers.typ",
    }
