"""Word the steps and results of `nfc` in Chinese and English."""

from collections.abc import Sequence

from beacon_gateway.nfc.ndef import wrap_message

LAY_DOWN = "把标签放到读写器上,然后按回车 Lay the tag on the reader and press Enter:"
NOT_WRITTEN = "标签没有写 The tag was not written."
NO_SERVER = (
    "设置里没有中心服务器:先登记本机(beacon-gateway enrol),或写 --url "
    "the settings have no central server: enrol this device, or give --url"
)
_PROBLEMS = {
    "removed": (
        "读写器上没有标签,或写的时候移开了。放好再来一次:没写完的标签是空的,不会打开错的页面。",
        "There is no tag on the reader, or it was moved. Lay it down and start again: an unfinished tag is empty and "
        "opens no wrong page.",
    ),
    "unknown_tag": (
        "不认得这种标签。请用 NTAG213、NTAG215 或 NTAG216(金属上用抗金属的)。",
        "This kind of tag is not known. Use NTAG213, NTAG215 or NTAG216 (on metal: tags made for metal).",
    ),
    "too_small": ("标签装不下这个地址。请用 NTAG215。", "The address does not fit. Use NTAG215."),
    "unreadable": ("读不了标签。换一张,或换个位置放。", "The tag cannot be read. Move it, or take another one."),
    "write_protected": ("标签写不进去。换一张新的。", "The tag cannot be written. Take a new one."),
    "not_verified": ("写进去的读回来不一样。换一张新的。", "What was read back differs. Take a new tag."),
    "not_locked": (
        "标签没有锁住,谁都能改它:不要贴出去,换一张。",
        "The tag is not locked, so anybody could change it: do not use it, take another one.",
    ),
    "locked": (
        "标签已经锁住,里面是别的地址,改不了。换一张新的。",
        "The tag is locked and has another address, for ever. Take a new one.",
    ),
    "other_content": (
        "标签里有别的内容。确定要换,就加 --replace。",
        "The tag has other content. To replace it, add --replace.",
    ),
}


def word_address(address: str) -> str:
    return f"地址 address: {address}"


def word_readers(names: Sequence[str]) -> str:
    return f"读写器 reader: {', '.join(names)}"


def word_unknown_beacon(wanted: str, known: Sequence[str]) -> str:
    listed = ", ".join(dict.fromkeys(known)) or "–"
    return (
        f"--beacon {wanted or '(本站 own)'}: 设置里没有这个信标,有 the settings list no such beacon; they list {listed}"
    )


def word_no_reader(missing: str) -> str:
    return (
        f"没有 NFC 读写器 no NFC reader ({missing}); 用手机写 use a phone. "
        "有读写器时 with a reader: sudo apt install pcscd libpcsclite1"
    )


def word_phone_steps(address: str, message: bytes) -> str:
    """Return the bytes and the steps for an NFC app of a phone."""
    memory = wrap_message(message)
    rows = [memory[at : at + 16] for at in range(0, len(memory), 16)]
    listing = "\n".join(f"  {4 + 4 * number:3d}  {row.hex(' ')}" for number, row in enumerate(rows))
    return f"""\
用手机写标签(NTAG213 就够):
 1. 在手机上打开一个 NFC 写卡程序(如 NFC Tools),选“写”→“添加记录”→“网址/URL”。
 2. 原样填入上面的地址,一个字也不要改;只写这一条记录。
 3. 手机贴近标签,写入。
 4. 用另一部手机碰一下,应打开本站的页面。
 5. 回到程序,选“其他”→“锁定标签”。锁了就再也改不了;不锁,路人可以改成别的网址。
Write the tag with a phone (NTAG213 is enough):
 1. Open an NFC writing app (such as NFC Tools): Write, Add a record, URL.
 2. Enter the address above exactly, as the only record.
 3. Hold the phone at the tag and write.
 4. Touch it with another phone: it must open this hall's page.
 5. In the app: Other, Lock tag. That is for ever; a tag that is not locked can be changed by anybody.
字节 bytes: NDEF {len(message)}: {message.hex()}
标签内存,从第 4 页起 memory of the tag from page 4:
{listing}"""


def word_done(model: str, *, already: bool, locked: bool) -> str:
    done = "已经是这个地址 has this address already" if already else "已写入并读回核对 written and read back"
    lock = "已锁定 locked" if locked else "没有锁定,谁都能改 not locked: anybody can change it (nfc locks it)"
    return f"✓ {model}: {done}; {lock}"


def word_refused(problem: str, detail: str) -> str:
    chinese, english = _PROBLEMS[problem]
    return f"✗ {chinese}\n  {english}" + (f" ({detail})" if detail else "")
