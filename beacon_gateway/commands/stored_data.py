"""List every kind of data that the gateway's device stores, with what it contains and when it is deleted."""

from dataclasses import dataclass
from enum import StrEnum


class Nature(StrEnum):
    """Whether data belong to a person."""

    none = "none"
    """Nothing about a person."""
    gift = "gift"
    """A single gift: project, amount and time, linked to no person."""
    staff = "staff"
    """What staff wrote about themselves or others: a telephone number, the label of a person's tag."""
    device_key = "device_key"
    """A key or a password of the device."""


@dataclass(frozen=True, slots=True)
class DataNote:
    """`zh`, `en`: the content. `until_zh`, `until_en`: when it is deleted. `dated`: the column with the time."""

    nature: Nature
    zh: str
    en: str
    until_zh: str
    until_en: str
    dated: str = ""


_FOREVER = ("一直保留", "the device is purged")
_DELIVERED = ("送到中心服务器", "delivered to the central server")

TABLES = {
    "epochs": DataNote(Nature.none, "记录编号的起点", "start of the parcels' numbers", *_FOREVER),
    "intents": DataNote(
        Nature.gift,
        "捐款登记:项目、金额、信标、时间,没有姓名",
        "registered gifts: project, amount, beacon, time; no name",
        "送到并办结后 30 天;没有结果的一年",
        "30 days when delivered and settled; a year without a result",
        "recorded_at",
    ),
    "intent_states": DataNote(
        Nature.gift, "每笔捐款的状态和凭条编号", "state and slip number of each gift", "同捐款登记", "as the gift", "at"
    ),
    "outbox": DataNote(Nature.gift, "等待发送的记录:捐款和汇总数字", "waiting parcels: gifts and sums", *_DELIVERED),
    "refused": DataNote(
        Nature.gift,
        "中心服务器拒收的记录",
        "parcels that the central server refused",
        "重送成功(outbox retry)",
        "sent again with success (outbox retry)",
        "at",
    ),
    "sync_log": DataNote(
        Nature.none,
        "发送日志:结果和记录编号",
        "sync log: results and parcel ids",
        "超过 10000 行时删最旧的",
        "the oldest beyond 10,000 lines",
        "at",
    ),
    "repairs": DataNote(Nature.none, "存储损坏后的修复", "repairs of a damaged store", *_FOREVER, "at"),
    "catalogue": DataNote(
        Nature.none, "公开的项目目录", "the public catalogue", "新目录替换", "replaced by a newer one", "taken_at"
    ),
    "bulletin": DataNote(
        Nature.none,
        "公开的社区公告:活动、求助的网格,没有姓名",
        "the public bulletin: activities, grids of requests, no name",
        "新公告替换,或满 24 小时",
        "replaced by a newer one, or after 24 hours",
        "taken_at",
    ),
    "ledger_heads": DataNote(Nature.none, "公开账目的签名", "signed heads of the public ledger", *_FOREVER, "taken_at"),
    "head_refusals": DataNote(Nature.none, "互相矛盾的账目签名", "heads that contradict each other", *_FOREVER, "at"),
    "ledger_status": DataNote(
        Nature.none, "账目的最近答复", "last answer about the ledger", "新答复替换", "replaced by a newer one"
    ),
}
"""By table of the store."""

_STORE = ("同它的各个表", "as its tables")
_NEWER = ("被更新的替换", "replaced by newer ones")
FILES = {
    "identity.json": DataNote(
        Nature.device_key, "本机的密钥和登记", "the device's key and enrolment", "purge 或换密钥", "purge or a new key"
    ),
    "identity.json.damaged-*": DataNote(Nature.device_key, "损坏的密钥文件", "a damaged key file", *_FOREVER),
    "gateway.db": DataNote(Nature.gift, "存储文件(各表如上)", "the store (its tables: above)", *_STORE),
    "gateway.db-wal": DataNote(Nature.gift, "存储的最近写入", "latest writes of the store", *_STORE),
    "gateway.db-shm": DataNote(Nature.none, "存储的索引", "index of the latest writes", *_STORE),
    "gateway.db.copy-*": DataNote(
        Nature.gift,
        "存储的每日副本,共两份",
        "two daily copies of the store",
        "第三天替换",
        "replaced on the third day",
    ),
    "gateway.db.damaged-*": DataNote(
        Nature.gift, "损坏的存储,最多三份", "damaged versions of the store, at most three", *_NEWER
    ),
    "gateway.db.copying*": DataNote(Nature.gift, "写到一半的副本", "an unfinished copy", "写完", "it is complete"),
    "gateway.db.draft*": DataNote(Nature.gift, "修复中的存储", "the store under repair", "修复完成", "repair ended"),
    "gateway.db.new*": DataNote(Nature.gift, "修复好的存储", "the repaired store", "启用", "taken into use"),
    "calibration.json": DataNote(Nature.none, "最近一次接受的测量", "the last accepted calibration walk", *_NEWER),
    "acceptance.json": DataNote(Nature.none, "签名的验收单", "the signed acceptance sheet", *_NEWER),
    "last-good.toml*": DataNote(
        Nature.staff, "最近五份可用的设置", "the last five good settings", "有新的可用设置", "replaced by newer ones"
    ),
    "pictures": DataNote(Nature.none, "公开项目的图片", "pictures of public projects", "目录不用了", "unused"),
    "environment": DataNote(Nature.none, "演练或正式", "drill or real", *_FOREVER),
    "*.lock": DataNote(Nature.none, "空的锁文件", "empty lock files", *_FOREVER),
    ".*": DataNote(Nature.staff, "正在写的文件", "a file that is being written", "写完", "it is complete"),
}
"""By name in the state folder, with wildcards."""

ELSEWHERE = {
    "/etc/beacon-gateway/gateway.toml": DataNote(
        Nature.staff,
        "设置:联系电话和联系人、胸卡的名称",
        "settings: contact's telephone and name, labels of people's tags",
        "工作人员改掉",
        "staff change it",
    ),
    "journal": DataNote(
        Nature.none,
        "系统日志:没有捐款人,没有人的行踪",
        "system journal: no donor, nobody's movements",
        "90 天",
        "90 days",
    ),
    "memory": DataNote(
        Nature.staff,
        "内存:今天在场的胸卡和最近的判断,不写盘",
        "memory: tags present today and latest decisions; never written to disk",
        "当天结束或重启",
        "end of the day or a restart",
    ),
    "browser": DataNote(
        Nature.none,
        "屏幕浏览器的文件夹在内存里",
        "the screen's browser has its folder in memory",
        "浏览器重启",
        "the browser restarts",
    ),
}
"""Outside the state folder."""
