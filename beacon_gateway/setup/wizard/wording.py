"""Texts of the set-up in three languages: the questions, what happened, and each fault with its remedy."""

from dataclasses import dataclass

from beacon_gateway.setup.wizard.questions import Note, SetupFault, Stage, Topic
from sync_contract.strict_model import Language

Worded = dict[Language, str]


def _texts(zh_hans: str, zh_hant: str, en: str) -> Worded:
    return {Language.zh_hans: zh_hans, Language.zh_hant: zh_hant, Language.en: en}


@dataclass(frozen=True, slots=True)
class WordedQuestion:
    """`help`: what the answer means and how to find it."""

    title: Worded
    help: Worded


@dataclass(frozen=True, slots=True)
class WordedFault:
    reason: Worded
    remedy: Worded


STAGES = {
    Stage.language: _texts("语言", "語言", "Language"),
    Stage.time_zone: _texts("时区", "時區", "Time zone"),
    Stage.rotation: _texts("屏幕方向", "螢幕方向", "Screen"),
    Stage.network: _texts("网络", "網路", "Network"),
    Stage.adapter: _texts("蓝牙", "藍牙", "Bluetooth"),
    Stage.enrolment: _texts("登记", "登記", "Enrolment"),
    Stage.beacon: _texts("本站信标", "本站信標", "Beacon"),
    Stage.tag: _texts("试一张卡", "試一張卡", "Try a tag"),
    Stage.settings: _texts("写入设置", "寫入設定", "Settings"),
    Stage.advert: _texts("信标发射", "信標發射", "On the air"),
    Stage.kiosk: _texts("看屏幕", "看螢幕", "The screen"),
}

QUESTIONS = {
    Topic.language: WordedQuestion(
        _texts("请选择语言", "請選擇語言", "Choose a language"),
        _texts(
            "安装过程和屏幕空闲时用这种文字。",
            "安裝過程和螢幕閒置時用這種文字。",
            "Used in this set-up and on the screen while nobody touches it.",
        ),
    ),
    Topic.time_zone: WordedQuestion(
        _texts("这里是哪个时区？", "這裡是哪個時區？", "Which time zone is this?"),
        _texts(
            "中国各地都用 Asia/Shanghai。",
            "中國各地都用 Asia/Shanghai；香港用 Asia/Hong_Kong。",
            "All of mainland China uses Asia/Shanghai.",
        ),
    ),
    Topic.rotation: WordedQuestion(
        _texts("屏幕要转多少度？", "螢幕要轉多少度？", "How far is the screen turned?"),
        _texts(
            "横着装选 0。字倒着选 180。竖着装选 90 或 270。以后可以改。",
            "橫著裝選 0。字倒著選 180。豎著裝選 90 或 270。以後可以改。",
            "0 for a screen in its usual position, 180 if it hangs upside down, 90 or 270 if it stands upright. "
            "It can be changed later.",
        ),
    ),
    Topic.network: WordedQuestion(
        _texts("再检查一次网络？", "再檢查一次網路？", "Check the network again?"),
        _texts("没有网络就不能登记。", "沒有網路就不能登記。", "Without a network the device cannot be enrolled."),
    ),
    Topic.adapter: WordedQuestion(
        _texts("再检查一次蓝牙？", "再檢查一次藍牙？", "Check Bluetooth again?"),
        _texts(
            "没有蓝牙也能收捐款，但屏幕不会因为有人走近而变。",
            "沒有藍牙也能收捐款，但螢幕不會因為有人走近而變。",
            "Without Bluetooth the kiosk takes gifts, but it does not react to people who come near.",
        ),
    ),
    Topic.enrolled: WordedQuestion(
        _texts("这台设备已经登记过。", "這部設備已經登記過。", "This device is enrolled already."),
        _texts("现在是“{hall}”，服务器 {server}。", "現在是「{hall}」，伺服器 {server}。", "As “{hall}” at {server}."),
    ),
    Topic.server: WordedQuestion(
        _texts("服务器的网址是什么？", "伺服器的網址是什麼？", "What is the server's address?"),
        _texts(
            "工作人员页面“登记码”上写着。接了扫码枪，可以直接扫页面上的二维码。",
            "工作人員頁面「登記碼」上寫著。接了掃碼槍，可以直接掃頁面上的二維碼。",
            "Staff see it on the page “Enrolment code”. With a scanner, scan the QR code of that page instead.",
        ),
    ),
    Topic.code: WordedQuestion(
        _texts("请输入登记码", "請輸入登記碼", "Type the enrolment code"),
        _texts(
            "25 个字母和数字，15 分钟内有效。大小写和短横线都不要紧。",
            "25 個字母和數字，15 分鐘內有效。大小寫和短橫線都不要緊。",
            "25 letters and digits, valid for 15 minutes. Case and hyphens do not matter.",
        ),
    ),
    Topic.offer: WordedQuestion(
        _texts("再问一次服务器？", "再問一次伺服器？", "Ask the server again?"),
        _texts(
            "设备已经登记好，还缺本站的名称和信标号。",
            "設備已經登記好，還缺本站的名稱和信標號。",
            "The device is enrolled; the names and beacons of this site are still missing.",
        ),
    ),
    Topic.beacon: WordedQuestion(
        _texts("本站发出哪个信标？", "本站發出哪個信標？", "Which beacon does this site send?"),
        _texts(
            "列出的由工作人员登记。要用自己的 UUID，选“自己输入”。",
            "列出的由工作人員登記。要用自己的 UUID，選「自己輸入」。",
            "Staff recorded the listed ones. Choose “my own” to type a UUID.",
        ),
    ),
    Topic.uuid: WordedQuestion(
        _texts("UUID 是什么？", "UUID 是什麼？", "What is the UUID?"),
        _texts(
            "32 个 0–9、a–f，短横线可有可无。",
            "32 個 0–9、a–f，短橫線可有可無。",
            "32 digits 0–9 and a–f; hyphens may be left out.",
        ),
    ),
    Topic.major: WordedQuestion(
        _texts("major 是多少？", "major 是多少？", "What is the major?"),
        _texts("0 到 65535 的数。", "0 到 65535 的數。", "A number from 0 to 65535."),
    ),
    Topic.minor: WordedQuestion(
        _texts("minor 是多少？", "minor 是多少？", "What is the minor?"),
        _texts("0 到 65535 的数。", "0 到 65535 的數。", "A number from 0 to 65535."),
    ),
    Topic.settings: WordedQuestion(
        _texts("写入这些设置？", "寫入這些設定？", "Write these settings?"),
        _texts(
            "原来的设置会留一份。要改，请返回上一步。",
            "原來的設定會留一份。要改，請返回上一步。",
            "The former settings are kept. To change something, go back.",
        ),
    ),
    Topic.started: WordedQuestion(
        _texts("怎么办？", "怎麼辦？", "What now?"),
        _texts(
            "“撤回”放回原来的设置。",
            "「撤回」放回原來的設定。",
            "“Undo” puts the former settings back.",
        ),
    ),
    Topic.kiosk: WordedQuestion(
        _texts("屏幕上看到爱心页面了吗？", "螢幕上看到愛心頁面了嗎？", "Does the screen show the giving page?"),
        _texts(
            "请摸一下屏幕，看它有没有反应。", "請摸一下螢幕，看它有沒有反應。", "Touch it and see whether it reacts."
        ),
    ),
}

CHOICES = {
    "0": _texts("0 度（横着，不转）", "0 度（橫著，不轉）", "0 degrees (not turned)"),
    "90": _texts("90 度", "90 度", "90 degrees"),
    "180": _texts("180 度（倒过来）", "180 度（倒過來）", "180 degrees (upside down)"),
    "270": _texts("270 度", "270 度", "270 degrees"),
    "again": _texts("再试一次", "再試一次", "Try again"),
    "skip": _texts("先不管，继续", "先不管，繼續", "Go on without it"),
    "keep": _texts("保留这个登记", "保留這個登記", "Keep this enrolment"),
    "new": _texts("用新的登记码重新登记", "用新的登記碼重新登記", "Enrol again with a new code"),
    "own": _texts("自己输入 UUID、major、minor", "自己輸入 UUID、major、minor", "My own UUID, major and minor"),
    "none": _texts("本站不发信标", "本站不發信標", "This site sends none"),
    "write": _texts("写入", "寫入", "Write them"),
    "undo": _texts("撤回，放回原来的设置", "撤回，放回原來的設定", "Undo: put the former settings back"),
    "yes": _texts("看到了", "看到了", "Yes"),
    "no": _texts("没有", "沒有", "No"),
}

NOTES = {
    Note.network_ready: _texts(
        "网络已接通（{interface}）。", "網路已接通（{interface}）。", "The network is up ({interface})."
    ),
    Note.adapter_ready: _texts("找到蓝牙：{adapters}。", "找到藍牙：{adapters}。", "Bluetooth found: {adapters}."),
    Note.adapter_simulated: _texts(
        "没有用真的蓝牙：信号是模拟的。",
        "沒有用真的藍牙：訊號是模擬的。",
        "No real Bluetooth is used: signals are simulated.",
    ),
    Note.enrolling: _texts("正在登记…", "正在登記…", "Enrolling…"),
    Note.enrolled: _texts("登记好了：{hall}。", "登記好了：{hall}。", "Enrolled as {hall}."),
    Note.compare_fingerprint: _texts(
        "请对照工作人员页面上的指纹：{fingerprint}",
        "請對照工作人員頁面上的指紋：{fingerprint}",
        "Compare with the fingerprint on the staff page: {fingerprint}",
    ),
    Note.offered: _texts(
        "服务器给出：{community}，{hall}。",
        "伺服器給出：{community}，{hall}。",
        "The server offers: {community}, {hall}.",
    ),
    Note.tag_wait: _texts(
        "请在 30 秒内把一张卡贴近设备。没有卡就等一下。",
        "請在 30 秒內把一張卡貼近設備。沒有卡就等一下。",
        "Hold a tag close to the device within 30 seconds. Without a tag, just wait.",
    ),
    Note.tag_heard: _texts(
        "收到了：{beacon}，{rssi} dBm。", "收到了：{beacon}，{rssi} dBm。", "Received: {beacon}, {rssi} dBm."
    ),
    Note.tag_silent: _texts(
        "没有收到贴近的卡。不影响安装；以后可用 beacon-gateway scan 再试。",
        "沒有收到貼近的卡。不影響安裝；以後可用 beacon-gateway scan 再試。",
        "No tag was close. The set-up goes on; try later with beacon-gateway scan.",
    ),
    Note.tag_failed: _texts(
        "没有试卡。不影响安装。", "沒有試卡。不影響安裝。", "No tag was tried. The set-up goes on."
    ),
    Note.summary: _texts(
        "本站：{community}，{hall}\n信标：{beacon}\n项目：{project}\n"
        "时区：{time_zone}\n屏幕：{rotation} 度\n环境：{environment}",
        "本站：{community}，{hall}\n信標：{beacon}\n專案：{project}\n"
        "時區：{time_zone}\n螢幕：{rotation} 度\n環境：{environment}",
        "Site: {community}, {hall}\nBeacon: {beacon}\nProject: {project}\n"
        "Time zone: {time_zone}\nScreen: {rotation} degrees\nEnvironment: {environment}",
    ),
    Note.written: _texts(
        "已写好：{file}\n原来的设置：{aside}",
        "已寫好：{file}\n原來的設定：{aside}",
        "Written: {file}\nFormer settings: {aside}",
    ),
    Note.starting: _texts("正在启动，最多一分钟…", "正在啟動，最多一分鐘…", "Starting, up to a minute…"),
    Note.advert_proved: _texts(
        "信标已在空中：{adapter} 收到了它。",
        "信標已在空中：{adapter} 收到了它。",
        "The beacon is on the air: {adapter} receives it.",
    ),
    Note.advert_not_proved: _texts(
        "信标在发，但没有证实：本机没有第二个蓝牙来收。可以用手机或另一台网关看。",
        "信標在發，但沒有證實：本機沒有第二個藍牙來收。可以用手機或另一部閘道器看。",
        "The beacon is sent, but not proved: no second adapter receives it. Check with a phone or another gateway.",
    ),
    Note.advert_simulated: _texts(
        "信标是模拟的，没有真的发出。", "信標是模擬的，沒有真的發出。", "The beacon is simulated; nothing is sent."
    ),
    Note.advert_off_air: _texts(
        "信标还没有发出。原因请看：sudo beacon-gateway doctor",
        "信標還沒有發出。原因請看：sudo beacon-gateway doctor",
        "The beacon is not on the air. The cause: sudo beacon-gateway doctor",
    ),
    Note.advert_none: _texts("本站不发信标。", "本站不發信標。", "This site sends no beacon."),
    Note.undone: _texts("原来的设置已放回。", "原來的設定已放回。", "The former settings are back."),
    Note.finished: _texts(
        "装好了。下一步：sudo beacon-gateway calibrate 量大厅，再 sudo beacon-gateway commission 做验收单。",
        "裝好了。下一步：sudo beacon-gateway calibrate 量大廳，再 sudo beacon-gateway commission 做驗收單。",
        "Done. Next: sudo beacon-gateway calibrate measures the hall, then sudo beacon-gateway commission makes the "
        "acceptance sheet.",
    ),
}


_COMPARE_CODE = _texts(
    "请对照工作人员页面再输入一遍。",
    "請對照工作人員頁面再輸入一遍。",
    "Compare it with the staff page and type it again.",
)
_NEW_CODE = _texts(
    "请工作人员在“登记码”页面换一个新码。",
    "請工作人員在「登記碼」頁面換一個新碼。",
    "Ask staff for a new code on the page “Enrolment code”.",
)
_CABLE = _texts(
    "请插好网线，或用 sudo nmtui 接上 Wi-Fi。",
    "請插好網路線，或用 sudo nmtui 接上 Wi-Fi。",
    "Plug in a network cable, or join Wi-Fi with sudo nmtui.",
)
FAULTS = {
    SetupFault.not_a_choice: WordedFault(
        _texts("没有“{got}”这一项。", "沒有「{got}」這一項。", "“{got}” is not one of the choices."),
        _texts("请输入 1 到 {count} 的数字。", "請輸入 1 到 {count} 的數字。", "Type a number from 1 to {count}."),
    ),
    SetupFault.time_zone: WordedFault(
        _texts("“{got}”不是时区。", "「{got}」不是時區。", "“{got}” is not a time zone."),
        _texts("请写成 Asia/Shanghai 这样。", "請寫成 Asia/Shanghai 這樣。", "Write it like Asia/Shanghai."),
    ),
    SetupFault.server_empty: WordedFault(
        _texts("没有输入网址。", "沒有輸入網址。", "No address was typed."),
        _texts(
            "请看工作人员页面“登记码”。", "請看工作人員頁面「登記碼」。", "It is on the staff page “Enrolment code”."
        ),
    ),
    SetupFault.server_address: WordedFault(
        _texts("“{got}”不是服务器的网址。", "「{got}」不是伺服器的網址。", "“{got}” is not a server's address."),
        _texts(
            "请只写主机，如 give.example，后面不带路径。",
            "請只寫主機，如 give.example，後面不帶路徑。",
            "Type only the host, such as give.example, without a path.",
        ),
    ),
    SetupFault.server_plain: WordedFault(
        _texts("“{got}”没有加密。", "「{got}」沒有加密。", "“{got}” is not encrypted."),
        _texts("请用 https:// 开头的网址。", "請用 https:// 開頭的網址。", "Use an address that begins with https://."),
    ),
    SetupFault.code_empty: WordedFault(
        _texts("没有输入登记码。", "沒有輸入登記碼。", "No code was typed."), _COMPARE_CODE
    ),
    SetupFault.code_length: WordedFault(
        _texts(
            "登记码有 {length} 个字母和数字，您输入了 {count} 个。",
            "登記碼有 {length} 個字母和數字，您輸入了 {count} 個。",
            "A code has {length} letters and digits; you typed {count}.",
        ),
        _COMPARE_CODE,
    ),
    SetupFault.code_mistyped: WordedFault(
        _texts("有一个字母或数字打错了。", "有一個字母或數字打錯了。", "A letter or digit is mistyped."), _COMPARE_CODE
    ),
    SetupFault.qr_incomplete: WordedFault(
        _texts(
            "二维码没有扫全，或不是登记用的。",
            "二維碼沒有掃全，或不是登記用的。",
            "The QR code is incomplete or not for enrolment.",
        ),
        _texts(
            "请再扫一次，或改为手工输入。", "請再掃一次，或改為手工輸入。", "Scan it again, or type address and code."
        ),
    ),
    SetupFault.uuid_form: WordedFault(
        _texts(
            "UUID 有 32 个 0–9、a–f，您输入了 {count} 个。",
            "UUID 有 32 個 0–9、a–f，您輸入了 {count} 個。",
            "A UUID has 32 digits 0–9 and a–f; you typed {count}.",
        ),
        _texts(
            "请对照设计卡再输入一遍。", "請對照設計卡再輸入一遍。", "Compare it with the design card and type it again."
        ),
    ),
    SetupFault.uuid_nil: WordedFault(
        _texts("UUID 不能全是 0。", "UUID 不能全是 0。", "A UUID must not be all zeros."),
        _texts("命令 uuidgen 可以生成一个。", "命令 uuidgen 可以產生一個。", "The command uuidgen makes one."),
    ),
    SetupFault.number: WordedFault(
        _texts(
            "“{got}”不在 0 到 65535 之间。",
            "「{got}」不在 0 到 65535 之間。",
            "“{got}” is not a number from 0 to 65535.",
        ),
        _texts("请只输入数字。", "請只輸入數字。", "Type digits only."),
    ),
    SetupFault.no_network: WordedFault(_texts("没有网络。", "沒有網路。", "There is no network."), _CABLE),
    SetupFault.no_adapter: WordedFault(
        _texts("没有找到蓝牙。", "沒有找到藍牙。", "No Bluetooth adapter was found."),
        _texts(
            "请把外接的重新插一次；内置的可能被 /boot/firmware/config.txt 里的 disable-bt 关掉了。",
            "請把外接的重新插一次；內建的可能被 /boot/firmware/config.txt 裡的 disable-bt 關掉了。",
            "Plug an external one in again; disable-bt in /boot/firmware/config.txt may switch off the built-in one.",
        ),
    ),
    SetupFault.adapter_blocked: WordedFault(
        _texts("蓝牙被 rfkill 关掉了。", "藍牙被 rfkill 關掉了。", "Bluetooth is blocked by rfkill."),
        _texts(
            "命令：sudo rfkill unblock bluetooth",
            "命令：sudo rfkill unblock bluetooth",
            "Run: sudo rfkill unblock bluetooth",
        ),
    ),
    SetupFault.code_unknown: WordedFault(
        _texts("服务器没有这个登记码。", "伺服器沒有這個登記碼。", "The server knows no such code."), _COMPARE_CODE
    ),
    SetupFault.code_expired: WordedFault(
        _texts("登记码过期了。", "登記碼過期了。", "The code has expired."), _NEW_CODE
    ),
    SetupFault.code_used: WordedFault(
        _texts("登记码已被另一台设备用掉。", "登記碼已被另一部設備用掉。", "Another device has used the code."),
        _texts(
            "如果不是您安排的，请立刻告诉管理员；然后换一个新码。",
            "如果不是您安排的，請立刻告訴管理員；然後換一個新碼。",
            "If it is not yours, tell the administrator at once; then ask for a new code.",
        ),
    ),
    SetupFault.code_revoked: WordedFault(
        _texts("这个登记码已作废。", "這個登記碼已作廢。", "This code was withdrawn."), _NEW_CODE
    ),
    SetupFault.key_known: WordedFault(
        _texts(
            "服务器不接受这台设备的密钥。",
            "伺服器不接受這部設備的金鑰。",
            "The server does not accept this device's key.",
        ),
        _NEW_CODE,
    ),
    SetupFault.other_place: WordedFault(
        _texts(
            "这台设备里有另一处的捐款记录。",
            "這部設備裡有另一處的捐款記錄。",
            "This device has records of a gateway of another place.",
        ),
        _texts(
            "请用那一处的登记码；要换地方，先停止服务，再把状态文件夹改名留存。",
            "請用那一處的登記碼；要換地方，先停止服務，再把狀態資料夾改名留存。",
            "Use a code of that place; to move the device, stop the service and rename the state folder first.",
        ),
    ),
    SetupFault.too_many: WordedFault(
        _texts("从这里试错的次数太多。", "從這裡試錯的次數太多。", "Too many wrong codes came from here."),
        _texts(
            "请等几分钟，核对后再试。",
            "請等幾分鐘，核對後再試。",
            "Wait some minutes, compare the code, then try again.",
        ),
    ),
    SetupFault.other_server: WordedFault(
        _texts(
            "回答的不是出码的那台服务器，没有登记。",
            "回答的不是出碼的那部伺服器，沒有登記。",
            "Another server answered than the one that made the code. Nothing was enrolled.",
        ),
        _texts("请停下来，告诉管理员。", "請停下來，告訴管理員。", "Stop, and tell the administrator."),
    ),
    SetupFault.name_unknown: WordedFault(
        _texts("找不到 {server}。", "找不到 {server}。", "{server} cannot be found."),
        _texts("请核对网址，检查网络。", "請核對網址，檢查網路。", "Compare the address and check the network."),
    ),
    SetupFault.no_connection: WordedFault(
        _texts("连不上 {server}。", "連不上 {server}。", "There is no connection to {server}."),
        _texts("请核对网址，检查网络。", "請核對網址，檢查網路。", "Compare the address and check the network."),
    ),
    SetupFault.no_answer: WordedFault(
        _texts("{server} 没有回应。", "{server} 沒有回應。", "{server} does not answer."),
        _texts(
            "请过一会儿再试；这里的网络可能要先登录。",
            "請過一會兒再試；這裡的網路可能要先登入。",
            "Try again later; this network may require a login first.",
        ),
    ),
    SetupFault.certificate: WordedFault(
        _texts(
            "{server} 的证书不被接受。", "{server} 的憑證不被接受。", "The certificate of {server} is not accepted."
        ),
        _texts(
            "请核对网址和本机时间（命令 date）。",
            "請核對網址和本機時間（命令 date）。",
            "Compare the address, and check this device's clock (date).",
        ),
    ),
    SetupFault.key_refused: WordedFault(
        _texts("服务器不再接受这台设备。", "伺服器不再接受這部設備。", "The server no longer accepts this device."),
        _texts(
            "请返回上一步，用新的登记码重新登记。",
            "請返回上一步，用新的登記碼重新登記。",
            "Go back and enrol again with a new code.",
        ),
    ),
    SetupFault.busy: WordedFault(
        _texts("另一个程序正在登记。", "另一個程式正在登記。", "Another program is enrolling."),
        _texts("请等它结束再试。", "請等它結束再試。", "Wait until it has ended, then try again."),
    ),
    SetupFault.settings_refused: WordedFault(
        _texts("这些设置不能用：{detail}", "這些設定不能用：{detail}", "These settings are refused: {detail}"),
        _texts(
            "没有改动。请返回上一步修改。",
            "沒有改動。請返回上一步修改。",
            "Nothing was changed. Go back and correct them.",
        ),
    ),
    SetupFault.cannot_write: WordedFault(
        _texts("写不了：{detail}", "寫不了：{detail}", "It cannot be written: {detail}"),
        _texts(
            "检查存储卡的空间；没有用 sudo 的，请加上。",
            "檢查記憶卡的空間；沒有用 sudo 的，請加上。",
            "Check the space on the card; use sudo if you did not.",
        ),
    ),
    SetupFault.not_started: WordedFault(
        _texts("网关还没有用上新设置。", "閘道器還沒有用上新設定。", "The gateway does not use the new settings yet."),
        _texts(
            "原因请看：sudo beacon-gateway doctor",
            "原因請看：sudo beacon-gateway doctor",
            "The cause: sudo beacon-gateway doctor",
        ),
    ),
    SetupFault.kiosk_dark: WordedFault(
        _texts("屏幕没有页面。", "螢幕沒有頁面。", "The screen shows no page."),
        _texts(
            "原因请看：sudo beacon-gateway doctor",
            "原因請看：sudo beacon-gateway doctor",
            "The cause: sudo beacon-gateway doctor",
        ),
    ),
}
