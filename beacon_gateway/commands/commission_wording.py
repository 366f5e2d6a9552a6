"""Word `commission` in Chinese and English."""

from kiosk_ui.paper.acceptance_wording import ALL_TESTED, UNTESTED_TITLE, Both, SheetWords

QUESTIONS = {
    "screen": "请看屏幕:有首页和项目吗? Look at the screen: does it show the first page with projects? [y/N]",
    "tag": "拿胸卡走近:屏幕转到它的项目了吗? Bring a tag near: does the screen turn to its project? [y/N]",
    "phone": "用手机扫屏幕上的码:手机打开页面了吗? Scan the code on the screen: does the phone open the page? [y/N]",
}
NEEDS_WALK = "还没有接受过的测量,现在开始 there is no accepted walk yet; it begins now"
NOT_RELOADED = (
    "网关运行的不是这份设置;先重新加载 the gateway runs with other settings; reload first: "
    "sudo systemctl reload beacon-gateway"
)
UNKNOWN_SEEN = "--seen {word}: 只有 screen、tag、phone only screen, tag and phone are known"
NO_KEY = "读不了本机的密钥,请加 sudo the device's key cannot be read: use sudo"
STORED = "验收单已签名并存好 the sheet is signed and stored: {number}"
PRINT = "打印页 page for print: {address}"
CENTRAL = "中心服务器的页面 page on the central server: {address}"
WAITS = "还没有送到中心服务器,连上后自动发送 not delivered yet; it is sent automatically once the server is reached"


def word_summary(words: SheetWords) -> str:
    """Return the sheet as text for a terminal."""
    lines = [f"{_both(words.title)} · {_both(words.site)}"]
    for section in words.sections:
        if section.rows:
            lines.append(_both(section.title))
            lines += [f"  {_both(row.name)}: {_both(row.value)}" for row in section.rows]
    lines.append(_both(UNTESTED_TITLE))
    lines += [f"  {_both(each)}" for each in words.untested or (ALL_TESTED,)]
    return "\n".join(lines)


def _both(text: Both) -> str:
    return text.zh if text.zh == text.en else f"{text.zh} {text.en}"
