"""Texts of the first boot's page in three languages: what happens, or what is wrong and what to do."""

from dataclasses import dataclass

from beacon_gateway.setup.first_boot import FirstBootFault
from beacon_gateway.store.first_boot_progress import Step
from sync_contract.strict_model import Language


@dataclass(frozen=True, slots=True)
class Notice:
    title: str
    what_to_do: str


def _notice(zh_hans: tuple[str, str], zh_hant: tuple[str, str], en: tuple[str, str]) -> dict[Language, Notice]:
    return {Language.zh_hans: Notice(*zh_hans), Language.zh_hant: Notice(*zh_hant), Language.en: Notice(*en)}


DETAIL = "给技术人员 For a technician:"
_WORKING = _notice(
    (
        "正在设置这台设备",
        "约一分钟，不用操作。断电也不要紧，会接着做。",
    ),
    (
        "正在設定這部設備",
        "約一分鐘，不用操作。斷電也不要緊，會接著做。",
    ),
    (
        "This device is being set up",
        "It takes about a minute and needs no input. A power cut does no harm: it continues.",
    ),
)
STEPS = {
    Step.time_zone: _WORKING,
    Step.network: _notice(
        (
            "正在连接网络",
            "最多两分钟，不用操作。",
        ),
        (
            "正在連接網路",
            "最多兩分鐘，不用操作。",
        ),
        (
            "Connecting to the network",
            "Up to two minutes; no input is needed.",
        ),
    ),
    Step.restore: _notice(
        (
            "正在恢复备份",
            "不用操作。",
        ),
        (
            "正在還原備份",
            "不用操作。",
        ),
        (
            "Restoring the backup",
            "No input is needed.",
        ),
    ),
    Step.enrol: _notice(
        (
            "正在向中心服务器登记",
            "不用操作。",
        ),
        (
            "正在向中心伺服器登記",
            "不用操作。",
        ),
        (
            "Enrolling at the central server",
            "No input is needed.",
        ),
    ),
    Step.settings: _WORKING,
    Step.erase: _WORKING,
    Step.start: _notice(
        (
            "登记完成，正在启动",
            "马上就好。",
        ),
        (
            "登記完成，正在啟動",
            "馬上就好。",
        ),
        (
            "Enrolled; the kiosk starts",
            "It is ready in a moment.",
        ),
    ),
}
FAULTS = {
    FirstBootFault.no_bundle: _notice(
        (
            "卡上没有登记文件",
            "请关机，把登记文件 beacon-enrolment.toml 放进卡的启动分区，再开机。",
        ),
        (
            "卡上沒有登記檔案",
            "請關機，把登記檔案 beacon-enrolment.toml 放進卡的開機磁區，再開機。",
        ),
        (
            "There is no enrolment bundle on the card",
            "Switch off, put the file beacon-enrolment.toml on the card's boot partition, and switch on.",
        ),
    ),
    FirstBootFault.bundle_damaged: _notice(
        (
            "登记文件损坏了",
            "请工作人员在“网关”页面重新制作登记文件，关机后换掉卡上的那一个，再开机。",
        ),
        (
            "登記檔案損壞了",
            "請工作人員在「閘道器」頁面重新製作登記檔案，關機後換掉卡上的那一個，再開機。",
        ),
        (
            "The enrolment bundle is damaged",
            "Ask staff to make a new enrolment bundle on the page of the gateway. Switch off, "
            "replace the file on the card, and switch on.",
        ),
    ),
    FirstBootFault.backup_refused: _notice(
        (
            "卡上的备份不能用",
            "请关机，换一份备份，或者从启动分区删去 beacon-gateway-….tar，再开机；不用备份也能登记。",
        ),
        (
            "卡上的備份不能用",
            "請關機，換一份備份，或者從開機磁區刪去 beacon-gateway-….tar，再開機；不用備份也能登記。",
        ),
        (
            "The backup on the card is refused",
            "Switch off, copy another backup, or delete beacon-gateway-....tar from the boot "
            "partition, and switch on; it enrols without one, too.",
        ),
    ),
    FirstBootFault.settings_refused: _notice(
        (
            "登记文件里的设置不能用",
            "请工作人员在“网关”页面重新制作登记文件，关机后换掉卡上的那一个，再开机。",
        ),
        (
            "登記檔案裡的設定不能用",
            "請工作人員在「閘道器」頁面重新製作登記檔案，關機後換掉卡上的那一個，再開機。",
        ),
        (
            "The settings in the enrolment bundle are refused",
            "Ask staff to make a new enrolment bundle on the page of the gateway. Switch off, "
            "replace the file on the card, and switch on.",
        ),
    ),
    FirstBootFault.code_unknown: _notice(
        (
            "服务器不认得登记文件里的登记码",
            "请工作人员在“网关”页面重新制作登记文件，关机后换掉卡上的那一个，再开机。",
        ),
        (
            "伺服器不認得登記檔案裡的登記碼",
            "請工作人員在「閘道器」頁面重新製作登記檔案，關機後換掉卡上的那一個，再開機。",
        ),
        (
            "The server does not know the code in the enrolment bundle",
            "Ask staff to make a new enrolment bundle on the page of the gateway. Switch off, "
            "replace the file on the card, and switch on.",
        ),
    ),
    FirstBootFault.code_expired: _notice(
        (
            "登记文件过期了（有效 48 小时）",
            "请工作人员在“网关”页面重新制作登记文件，关机后换掉卡上的那一个，再开机。",
        ),
        (
            "登記檔案過期了（有效 48 小時）",
            "請工作人員在「閘道器」頁面重新製作登記檔案，關機後換掉卡上的那一個，再開機。",
        ),
        (
            "The enrolment bundle has expired: it is valid for 48 hours",
            "Ask staff to make a new enrolment bundle on the page of the gateway. Switch off, "
            "replace the file on the card, and switch on.",
        ),
    ),
    FirstBootFault.code_used: _notice(
        (
            "登记文件已经被另一台设备用过",
            "如果不是您安排的，请立刻告诉管理员。请工作人员重新制作登记文件，换掉卡上的那一个。",
        ),
        (
            "登記檔案已經被另一部設備用過",
            "如果不是您安排的，請立刻告訴管理員。請工作人員重新製作登記檔案，換掉卡上的那一個。",
        ),
        (
            "Another device has used the enrolment bundle",
            "If that was not you, tell the administrator at once. Ask staff for a new bundle and "
            "replace the file on the card.",
        ),
    ),
    FirstBootFault.code_revoked: _notice(
        (
            "登记文件已作废，后来又制作过新的",
            "请工作人员在“网关”页面重新制作登记文件，关机后换掉卡上的那一个，再开机。",
        ),
        (
            "登記檔案已作廢，後來又製作過新的",
            "請工作人員在「閘道器」頁面重新製作登記檔案，關機後換掉卡上的那一個，再開機。",
        ),
        (
            "The enrolment bundle was withdrawn; a newer one may exist",
            "Ask staff to make a new enrolment bundle on the page of the gateway. Switch off, "
            "replace the file on the card, and switch on.",
        ),
    ),
    FirstBootFault.device_refused: _notice(
        (
            "服务器不接受这台设备的密钥",
            "请关机再开机。如果仍然这样，请联系管理员。",
        ),
        (
            "伺服器不接受這部設備的金鑰",
            "請關機再開機。如果仍然這樣，請聯絡管理員。",
        ),
        (
            "The server does not accept this device's key",
            "Switch off and on. If it stays so, call the administrator.",
        ),
    ),
    FirstBootFault.other_place: _notice(
        (
            "这张卡里有另一个网关的记录",
            "请用一张新卡，或者请工作人员为卡上原来的网关制作登记文件。",
        ),
        (
            "這張卡裡有另一個閘道器的記錄",
            "請用一張新卡，或者請工作人員為卡上原來的閘道器製作登記檔案。",
        ),
        (
            "This card has the records of another gateway",
            "Use a new card, or ask staff for a bundle of the gateway that this card belongs to.",
        ),
    ),
    FirstBootFault.other_server: _notice(
        (
            "回应的不是制作登记文件的服务器",
            "没有登记。请不要继续，立刻告诉管理员，并请工作人员作废这个登记文件。",
        ),
        (
            "回應的不是製作登記檔案的伺服器",
            "沒有登記。請不要繼續，立刻告訴管理員，並請工作人員作廢這個登記檔案。",
        ),
        (
            "Another server answered than the one that made the bundle",
            "Nothing was enrolled. Stop, tell the administrator at once, and ask staff to revoke this bundle.",
        ),
    ),
    FirstBootFault.too_many: _notice(
        (
            "服务器暂时不接受登记",
            "从这里试错的次数太多。请等几分钟，设备会自动再试。",
        ),
        (
            "伺服器暫時不接受登記",
            "從這裡試錯的次數太多。請等幾分鐘，設備會自動再試。",
        ),
        (
            "The server accepts no enrolment for now",
            "Too many wrong codes came from this address. Wait some minutes; the device tries again by itself.",
        ),
    ),
    FirstBootFault.no_wifi: _notice(
        (
            "连不上 Wi-Fi",
            "请检查 Wi-Fi 是否打开、离得近不近，或者插上网线。设备会自动再试。名称或密码写错了，"
            "请工作人员重新制作登记文件。",
        ),
        (
            "連不上 Wi-Fi",
            "請檢查 Wi-Fi 是否打開、離得近不近，或者插上網路線。設備會自動再試。"
            "名稱或密碼寫錯了，請工作人員重新製作登記檔案。",
        ),
        (
            "The Wi-Fi network cannot be joined",
            "Check that it is on and near, or plug in a network cable; the device tries again by "
            "itself. If its name or passphrase is wrong, ask staff for a new bundle.",
        ),
    ),
    FirstBootFault.no_network: _notice(
        (
            "没有网络",
            "请插好网线，或检查路由器。设备会自动再试，不用重启。",
        ),
        (
            "沒有網路",
            "請插好網路線，或檢查路由器。設備會自動再試，不用重新啟動。",
        ),
        (
            "There is no network",
            "Plug in the network cable or check the router. The device tries again by itself.",
        ),
    ),
    FirstBootFault.no_answer: _notice(
        (
            "中心服务器没有回应",
            "设备会自动再试。如果一直这样，请告诉管理员；这里的网络可能要先登录。",
        ),
        (
            "中心伺服器沒有回應",
            "設備會自動再試。如果一直這樣，請告訴管理員；這裡的網路可能要先登入。",
        ),
        (
            "The central server does not answer",
            "The device tries again by itself. If it stays so, tell the administrator; this "
            "network may require a login first.",
        ),
    ),
    FirstBootFault.certificate: _notice(
        (
            "服务器的证书不被接受",
            "设备会自动再试。请检查网络是否需要登录；如果一直这样，请告诉管理员。",
        ),
        (
            "伺服器的憑證不被接受",
            "設備會自動再試。請檢查網路是否需要登入；如果一直這樣，請告訴管理員。",
        ),
        (
            "The server's certificate is not accepted",
            "The device tries again by itself. Check whether this network requires a login; if "
            "it stays so, tell the administrator.",
        ),
    ),
    FirstBootFault.disk: _notice(
        (
            "存储卡写不了",
            "设备会自动再试。如果一直这样，请关机，换一张卡。",
        ),
        (
            "記憶卡寫不了",
            "設備會自動再試。如果一直這樣，請關機，換一張卡。",
        ),
        (
            "The card cannot be written",
            "The device tries again by itself. If it stays so, switch off and use another card.",
        ),
    ),
}
