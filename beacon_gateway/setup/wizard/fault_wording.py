"""Texts of the set-up's faults in three languages: each with its reason and its remedy."""

from dataclasses import dataclass

from beacon_gateway.setup.wizard.questions import SetupFault
from beacon_gateway.setup.wizard.worded import Worded, texts


@dataclass(frozen=True, slots=True)
class WordedFault:
    reason: Worded
    remedy: Worded


_COMPARE_CODE = texts(
    "请对照工作人员页面再输入一遍。",
    "請對照工作人員頁面再輸入一遍。",
    "Compare it with the staff page and type it again.",
)
_NEW_CODE = texts(
    "请工作人员在“登记码”页面换一个新码。",
    "請工作人員在「登記碼」頁面換一個新碼。",
    "Ask staff for a new code on the page “Enrolment code”.",
)
_CABLE = texts(
    "请插好网线，或用 sudo nmtui 接上 Wi-Fi。",
    "請插好網路線，或用 sudo nmtui 接上 Wi-Fi。",
    "Plug in a network cable, or join Wi-Fi with sudo nmtui.",
)
FAULTS = {
    SetupFault.not_a_choice: WordedFault(
        texts("没有“{got}”这一项。", "沒有「{got}」這一項。", "“{got}” is not one of the choices."),
        texts("请输入 1 到 {count} 的数字。", "請輸入 1 到 {count} 的數字。", "Type a number from 1 to {count}."),
    ),
    SetupFault.time_zone: WordedFault(
        texts("“{got}”不是时区。", "「{got}」不是時區。", "“{got}” is not a time zone."),
        texts("请写成 Asia/Shanghai 这样。", "請寫成 Asia/Shanghai 這樣。", "Write it like Asia/Shanghai."),
    ),
    SetupFault.server_empty: WordedFault(
        texts("没有输入网址。", "沒有輸入網址。", "No address was typed."),
        texts(
            "请看工作人员页面“登记码”。", "請看工作人員頁面「登記碼」。", "It is on the staff page “Enrolment code”."
        ),
    ),
    SetupFault.server_address: WordedFault(
        texts("“{got}”不是服务器的网址。", "「{got}」不是伺服器的網址。", "“{got}” is not a server's address."),
        texts(
            "请只写主机，如 give.example，后面不带路径。",
            "請只寫主機，如 give.example，後面不帶路徑。",
            "Type only the host, such as give.example, without a path.",
        ),
    ),
    SetupFault.server_plain: WordedFault(
        texts("“{got}”没有加密。", "「{got}」沒有加密。", "“{got}” is not encrypted."),
        texts("请用 https:// 开头的网址。", "請用 https:// 開頭的網址。", "Use an address that begins with https://."),
    ),
    SetupFault.code_empty: WordedFault(
        texts("没有输入登记码。", "沒有輸入登記碼。", "No code was typed."), _COMPARE_CODE
    ),
    SetupFault.code_length: WordedFault(
        texts(
            "登记码有 {length} 个字母和数字，您输入了 {count} 个。",
            "登記碼有 {length} 個字母和數字，您輸入了 {count} 個。",
            "A code has {length} letters and digits; you typed {count}.",
        ),
        _COMPARE_CODE,
    ),
    SetupFault.code_mistyped: WordedFault(
        texts("有一个字母或数字打错了。", "有一個字母或數字打錯了。", "A letter or digit is mistyped."), _COMPARE_CODE
    ),
    SetupFault.qr_incomplete: WordedFault(
        texts(
            "二维码没有扫全，或不是登记用的。",
            "二維碼沒有掃全，或不是登記用的。",
            "The QR code is incomplete or not for enrolment.",
        ),
        texts(
            "请再扫一次，或改为手工输入。", "請再掃一次，或改為手工輸入。", "Scan it again, or type address and code."
        ),
    ),
    SetupFault.uuid_form: WordedFault(
        texts(
            "UUID 有 32 个 0–9、a–f，您输入了 {count} 个。",
            "UUID 有 32 個 0–9、a–f，您輸入了 {count} 個。",
            "A UUID has 32 digits 0–9 and a–f; you typed {count}.",
        ),
        texts(
            "请对照设计卡再输入一遍。", "請對照設計卡再輸入一遍。", "Compare it with the design card and type it again."
        ),
    ),
    SetupFault.uuid_nil: WordedFault(
        texts("UUID 不能全是 0。", "UUID 不能全是 0。", "A UUID must not be all zeros."),
        texts("命令 uuidgen 可以生成一个。", "命令 uuidgen 可以產生一個。", "The command uuidgen makes one."),
    ),
    SetupFault.number: WordedFault(
        texts(
            "“{got}”不在 0 到 65535 之间。",
            "「{got}」不在 0 到 65535 之間。",
            "“{got}” is not a number from 0 to 65535.",
        ),
        texts("请只输入数字。", "請只輸入數字。", "Type digits only."),
    ),
    SetupFault.no_network: WordedFault(texts("没有网络。", "沒有網路。", "There is no network."), _CABLE),
    SetupFault.no_adapter: WordedFault(
        texts("没有找到蓝牙。", "沒有找到藍牙。", "No Bluetooth adapter was found."),
        texts(
            "请把外接的重新插一次；内置的可能被 /boot/firmware/config.txt 里的 disable-bt 关掉了。",
            "請把外接的重新插一次；內建的可能被 /boot/firmware/config.txt 裡的 disable-bt 關掉了。",
            "Plug an external one in again; disable-bt in /boot/firmware/config.txt may switch off the built-in one.",
        ),
    ),
    SetupFault.adapter_blocked: WordedFault(
        texts("蓝牙被 rfkill 关掉了。", "藍牙被 rfkill 關掉了。", "Bluetooth is blocked by rfkill."),
        texts(
            "命令：sudo rfkill unblock bluetooth",
            "命令：sudo rfkill unblock bluetooth",
            "Run: sudo rfkill unblock bluetooth",
        ),
    ),
    SetupFault.code_unknown: WordedFault(
        texts("服务器没有这个登记码。", "伺服器沒有這個登記碼。", "The server knows no such code."), _COMPARE_CODE
    ),
    SetupFault.code_expired: WordedFault(texts("登记码过期了。", "登記碼過期了。", "The code has expired."), _NEW_CODE),
    SetupFault.code_used: WordedFault(
        texts("登记码已被另一台设备用掉。", "登記碼已被另一部設備用掉。", "Another device has used the code."),
        texts(
            "如果不是您安排的，请立刻告诉管理员；然后换一个新码。",
            "如果不是您安排的，請立刻告訴管理員；然後換一個新碼。",
            "If it is not yours, tell the administrator at once; then ask for a new code.",
        ),
    ),
    SetupFault.code_revoked: WordedFault(
        texts("这个登记码已作废。", "這個登記碼已作廢。", "This code was withdrawn."), _NEW_CODE
    ),
    SetupFault.key_known: WordedFault(
        texts(
            "服务器不接受这台设备的密钥。",
            "伺服器不接受這部設備的金鑰。",
            "The server does not accept this device's key.",
        ),
        _NEW_CODE,
    ),
    SetupFault.other_place: WordedFault(
        texts(
            "这台设备里有另一处的捐款记录。",
            "這部設備裡有另一處的捐款記錄。",
            "This device has records of a gateway of another place.",
        ),
        texts(
            "请用那一处的登记码；要换地方，先停止服务，再把状态文件夹改名留存。",
            "請用那一處的登記碼；要換地方，先停止服務，再把狀態資料夾改名留存。",
            "Use a code of that place; to move the device, stop the service and rename the state folder first.",
        ),
    ),
    SetupFault.too_many: WordedFault(
        texts("从这里试错的次数太多。", "從這裡試錯的次數太多。", "Too many wrong codes came from here."),
        texts(
            "请等几分钟，核对后再试。",
            "請等幾分鐘，核對後再試。",
            "Wait some minutes, compare the code, then try again.",
        ),
    ),
    SetupFault.other_server: WordedFault(
        texts(
            "回答的不是出码的那台服务器，没有登记。",
            "回答的不是出碼的那部伺服器，沒有登記。",
            "Another server answered than the one that made the code. Nothing was enrolled.",
        ),
        texts("请停下来，告诉管理员。", "請停下來，告訴管理員。", "Stop, and tell the administrator."),
    ),
    SetupFault.name_unknown: WordedFault(
        texts("找不到 {server}。", "找不到 {server}。", "{server} cannot be found."),
        texts("请核对网址，检查网络。", "請核對網址，檢查網路。", "Compare the address and check the network."),
    ),
    SetupFault.no_connection: WordedFault(
        texts("连不上 {server}。", "連不上 {server}。", "There is no connection to {server}."),
        texts("请核对网址，检查网络。", "請核對網址，檢查網路。", "Compare the address and check the network."),
    ),
    SetupFault.no_answer: WordedFault(
        texts("{server} 没有回应。", "{server} 沒有回應。", "{server} does not answer."),
        texts(
            "请过一会儿再试；这里的网络可能要先登录。",
            "請過一會兒再試；這裡的網路可能要先登入。",
            "Try again later; this network may require a login first.",
        ),
    ),
    SetupFault.certificate: WordedFault(
        texts("{server} 的证书不被接受。", "{server} 的憑證不被接受。", "The certificate of {server} is not accepted."),
        texts(
            "请核对网址和本机时间（命令 date）。",
            "請核對網址和本機時間（命令 date）。",
            "Compare the address, and check this device's clock (date).",
        ),
    ),
    SetupFault.key_refused: WordedFault(
        texts("服务器不再接受这台设备。", "伺服器不再接受這部設備。", "The server no longer accepts this device."),
        texts(
            "请返回上一步，用新的登记码重新登记。",
            "請返回上一步，用新的登記碼重新登記。",
            "Go back and enrol again with a new code.",
        ),
    ),
    SetupFault.busy: WordedFault(
        texts("另一个程序正在登记。", "另一個程式正在登記。", "Another program is enrolling."),
        texts("请等它结束再试。", "請等它結束再試。", "Wait until it has ended, then try again."),
    ),
    SetupFault.closed: WordedFault(
        texts("设置的时间已过。", "設定的時間已過。", "The time of the set-up is over."),
        texts(
            "请另开一个终端运行 sudo beacon-gateway setup --open，然后再试一次。",
            "請另開一個終端機執行 sudo beacon-gateway setup --open，然後再試一次。",
            "Run sudo beacon-gateway setup --open in another terminal, then try again.",
        ),
    ),
    SetupFault.settings_refused: WordedFault(
        texts("这些设置不能用：{detail}", "這些設定不能用：{detail}", "These settings are refused: {detail}"),
        texts(
            "没有改动。请返回上一步修改。",
            "沒有改動。請返回上一步修改。",
            "Nothing was changed. Go back and correct them.",
        ),
    ),
    SetupFault.cannot_write: WordedFault(
        texts("写不了：{detail}", "寫不了：{detail}", "It cannot be written: {detail}"),
        texts(
            "检查存储卡的空间；没有用 sudo 的，请加上。",
            "檢查記憶卡的空間；沒有用 sudo 的，請加上。",
            "Check the space on the card; use sudo if you did not.",
        ),
    ),
    SetupFault.not_started: WordedFault(
        texts("网关还没有用上新设置。", "閘道器還沒有用上新設定。", "The gateway does not use the new settings yet."),
        texts(
            "原因请看：sudo beacon-gateway doctor",
            "原因請看：sudo beacon-gateway doctor",
            "The cause: sudo beacon-gateway doctor",
        ),
    ),
    SetupFault.kiosk_dark: WordedFault(
        texts("屏幕没有页面。", "螢幕沒有頁面。", "The screen shows no page."),
        texts(
            "原因请看：sudo beacon-gateway doctor",
            "原因請看：sudo beacon-gateway doctor",
            "The cause: sudo beacon-gateway doctor",
        ),
    ),
}
