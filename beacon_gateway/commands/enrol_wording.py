"""Messages of `enrol` in Chinese and English: what happened, and what to do."""

from sync_contract.enrolment import KEY_REVOKED, KEY_UNKNOWN, EnrolmentRefusal

REFUSED = {
    EnrolmentRefusal.code_unknown: (
        "没有这个登记码。请对照工作人员页面再看一遍,或请他们换一个新码。",
        "There is no such code. Compare it with the staff page, or ask for a new one.",
    ),
    EnrolmentRefusal.code_expired: (
        "登记码已过期(有效 15 分钟,登记文件里的 48 小时)。请工作人员换一个新的。",
        "The code has expired: it is valid for 15 minutes, in an enrolment bundle 48 hours. Ask staff for a new one.",
    ),
    EnrolmentRefusal.code_used: (
        "登记码已被另一台设备用掉。如果不是您安排的,请立刻告诉管理员;然后换一个新码。",
        "Another device has used the code. If it is not yours, tell the administrator; then ask for a new code.",
    ),
    EnrolmentRefusal.code_revoked: (
        "这个登记码已作废(通常是因为后来又出了新码)。请用最新的那个。",
        "This code was withdrawn, usually because a newer one was created. Use the newest.",
    ),
    EnrolmentRefusal.key_known: (
        "服务器不接受这台设备的密钥。请再运行一次本命令;若仍如此,请联系管理员。",
        "The server does not accept this device's key. Run the command again; if that fails, call the administrator.",
    ),
    EnrolmentRefusal.other_place: (
        "这台设备里存着另一个网关的记录,而登记码属于别处。要换地方:先停止服务,把状态目录改名留存,再登记。",
        "This device contains records of a gateway of another place. To move it: stop the service, rename the state "
        "folder, then enrol.",
    ),
    EnrolmentRefusal.too_many: (
        "从这里试错的次数太多。请等几分钟,核对后再试;登记码没有被锁住。",
        "Too many wrong codes from this address. Wait some minutes and compare the code; the right code is not locked.",
    ),
}
UNREACHABLE = {
    "name_unknown": (
        "找不到这个域名,请检查网址和网络。",
        "Its name cannot be resolved: check the address and the network.",
    ),
    "certificate": (
        "证书不被接受。请检查网址,以及本机时钟(命令 date)。",
        "Its certificate is not accepted: check the address, and this machine's clock (date).",
    ),
    "no_answer": ("没有回应。", "It does not answer."),
    "no_connection": ("连接不上,请检查网址和网络。", "No connection: check the address and the network."),
}
AGAIN = (
    "稍后用同一个码再运行一次即可,不会重复登记。",
    "Run the same command again later: repeating it with the same code is safe.",
)
OTHER_SERVER = (
    "回应的不是出码的那台服务器,没有登记。请不要继续,立刻告诉管理员。",
    "The answer is not from the server that created the code. Nothing was enrolled: stop, and inform the "
    "administrator.",
)
BARRED = {
    KEY_REVOKED: (
        "这台网关的密钥已被停用。请工作人员在“网关”页面出一个新的登记码,再运行 beacon-gateway enrol。",
        "This gateway's key was revoked. Ask staff for a new code (page Gateways), then run beacon-gateway enrol.",
    ),
    KEY_UNKNOWN: (
        "服务器不认得这台网关。请工作人员出一个登记码,再运行 beacon-gateway enrol。",
        "The server does not know this gateway. Ask staff for a code, then run beacon-gateway enrol.",
    ),
}
SETTINGS_OVERRIDE = (
    "注意:设置文件的 [central] 写着别的服务器或公钥,会优先于这次登记;请删去那里的 url 和 catalogue_key。",
    "Note: [central] of the settings contains another server or key and overrides the enrolment: delete url and "
    "catalogue_key there.",
)
NOT_ENROLLED = (
    "这台设备还没有登记。请工作人员出一个登记码,再运行 beacon-gateway enrol。",
    "This device is not enrolled. Ask staff for a code, then run beacon-gateway enrol.",
)
IN_USE = ("另一个程序正在更换密钥,请稍后再试。", "Another program is changing the key; try again in a moment.")
MALFORMED_URL = (
    "网址要以 https:// 开头(只有本机才可用 http://),后面没有路径。",
    "The address must begin with https:// (http:// only for this machine itself) and have no path.",
)
MALFORMED_CODE = ("登记码不对:应为 25 位字母和数字,请核对。", "The code must have 25 letters and digits; compare it.")
ASK_ADDRESS = "扫描二维码,或输入网址 scan the QR, or type the address: "
ASK_CODE = "登记码 code: "
