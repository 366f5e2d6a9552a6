"""Three sample projects in three languages: two open ones, one without a permit."""

from datetime import date
from functools import cache

from kiosk_ui.segmenter import Segmenter
from sync_contract.permit import Permit
from sync_contract.project import Caption, Drawing, Example, Project, Texts


def example(yuan: int, zh_hans: str, zh_hant: str, en: str) -> Example:
    return Example(fen=yuan * 100, text=Caption.model_validate({"zh-Hans": zh_hans, "zh-Hant": zh_hant, "en": en}))


def texts(zh_hans: str, zh_hant: str, en: str) -> Texts:
    return Texts.model_validate({"zh-Hans": zh_hans, "zh-Hant": zh_hant, "en": en})


SITE = texts("华大社区", "華大社區", "Huada Community")
PAYEE = texts("示例慈善基金会（演练）", "示例慈善基金會（演練）", "Example Charity Foundation (drill)")
PERMIT = Permit(
    organisation="示例慈善基金会（演练）",
    certificate="演练-0000-0001",
    certificate_until=date(2029, 12, 31),
    filing="演练-备案-2026-0001",
    area="福建省泉州市丰泽区",
    opens=date(2026, 1, 1),
    closes=date(2029, 12, 31),
)
LUNCH = Project(
    id="elder-lunch",
    drawing=Drawing.meal,
    title=texts("长者爱心午餐", "長輩愛心午餐", "A warm lunch for elders"),
    summary=texts(
        "每天为 60 位独居长者送一份热午餐。",
        "每天替 60 位獨居長輩送一份熱騰騰的午餐。",
        "A hot lunch every day for 60 elders who live alone.",
    ),
    story=texts(
        "社区食堂上午十点开火，志愿者十一点半敲门。一份午餐，也是一次问候：门开了，人平安，就放心了。\n"
        "30 元可以支持一位长者两天的午餐。",
        "社區食堂早上十點開伙，志工十一點半敲門。送一份午餐，也是去看看人：門開了，人平安，大家就放心。\n"
        "30 元可以支持一位長輩兩天的午餐。",
        "The community kitchen lights its stove at ten; volunteers knock at half past eleven. A lunch is also a"
        " greeting: the door opens, all is well.\n¥30 gives one elder lunch for two days.",
    ),
    payee=PAYEE,
    amounts_fen=(1000, 3000, 5000, 10000, 20000),
    min_fen=100,
    max_fen=5000000,
    permit=PERMIT,
    pays_for=(
        example(10, "约一份热午餐", "差不多一份午餐", "about one hot lunch"),
        example(50, "约一位长者五天的午餐", "約一位長輩五天的午餐", "about five lunches"),
        example(100, "约十份热午餐", "差不多十份午餐", "about ten lunches"),
        example(200, "约二十份热午餐", "差不多二十份午餐", "about twenty lunches"),
    ),
)
READING = Project(
    id="student-aid",
    drawing=Drawing.reading,
    title=texts("四点半课堂", "四點半課堂", "The half-past-four classroom"),
    summary=texts(
        "放学以后，孩子们有书看，有人陪。",
        "放學之後，孩子有書看，也有人陪。",
        "After school, children have books and company.",
    ),
    story=texts(
        "双职工家庭的孩子放学后来到社区书房，大学生志愿者陪他们写作业、读一本好书。",
        "爸媽都上班的孩子，放學後到社區書房，大學生志工陪他們寫功課、讀一本好書。",
        "Children of working parents come to the community reading room after school; student volunteers help"
        " with homework and read a good book with them.",
    ),
    payee=PAYEE,
    amounts_fen=(2000, 5000, 10000),
    permit=PERMIT,
)
TEA = Project(
    id="info-only",
    drawing=Drawing.tea,
    title=texts("邻里茶座", "厝邊茶桌仔", "The neighbours' tea table"),
    summary=texts(
        "坐下喝杯茶：陪伴、跑腿、修小物件。",
        "坐落來喝杯茶：陪伴、跑腿、修理小物件。",
        "Sit down for tea: company, errands, small repairs.",
    ),
    story=texts(
        "每逢周三下午，大厅里摆一张茶桌。想找人说说话，或家里有小物件要修，都可以来坐坐。",
        "每個禮拜三下午，大廳擺一張茶桌。想找人講講話，或是家裡有小物件要修，都可以來坐坐。",
        "Every Wednesday afternoon there is tea in the hall. Come for a talk, or bring something small to mend.",
    ),
    payee=PAYEE,
    amounts_fen=(1000,),
)
PROJECTS = (LUNCH, READING, TEA)


@cache
def phrased(project: Project) -> Project:
    """Return the project with its phrases, as the central server publishes it."""
    return project.model_copy(update={"phrases": _segmenter().project_phrases(project)})


@cache
def _segmenter() -> Segmenter:
    return Segmenter()
