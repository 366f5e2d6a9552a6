"""Texts of the set-up's stages, questions and choices in three languages."""

from dataclasses import dataclass

from beacon_gateway.setup.wizard.questions import Stage, Topic
from beacon_gateway.setup.wizard.worded import Worded, texts


@dataclass(frozen=True, slots=True)
class WordedQuestion:
    """`help`: what the answer means and how to find it."""

    title: Worded
    help: Worded


STAGES = {
    Stage.language: texts("语言", "語言", "Language"),
    Stage.time_zone: texts("时区", "時區", "Time zone"),
    Stage.rotation: texts("屏幕方向", "螢幕方向", "Screen"),
    Stage.network: texts("网络", "網路", "Network"),
    Stage.adapter: texts("蓝牙", "藍牙", "Bluetooth"),
    Stage.enrolment: texts("登记", "登記", "Enrolment"),
    Stage.beacon: texts("本站信标", "本站信標", "Beacon"),
    Stage.tag: texts("试一张卡", "試一張卡", "Try a tag"),
    Stage.settings: texts("写入设置", "寫入設定", "Settings"),
    Stage.advert: texts("信标发射", "信標發射", "On the air"),
    Stage.kiosk: texts("看屏幕", "看螢幕", "The screen"),
}

QUESTIONS = {
    Topic.language: WordedQuestion(
        texts("请选择语言", "請選擇語言", "Choose a language"),
        texts(
            "安装过程和屏幕空闲时用这种文字。",
            "安裝過程和螢幕閒置時用這種文字。",
            "Used in this set-up and on the screen while nobody touches it.",
        ),
    ),
    Topic.time_zone: WordedQuestion(
        texts("这里是哪个时区？", "這裡是哪個時區？", "Which time zone is this?"),
        texts(
            "中国各地都用 Asia/Shanghai。",
            "中國各地都用 Asia/Shanghai；香港用 Asia/Hong_Kong。",
            "All of mainland China uses Asia/Shanghai.",
        ),
    ),
    Topic.rotation: WordedQuestion(
        texts("屏幕要转多少度？", "螢幕要轉多少度？", "How far is the screen turned?"),
        texts(
            "横着装选 0。字倒着选 180。竖着装选 90 或 270。以后可以改。",
            "橫著裝選 0。字倒著選 180。豎著裝選 90 或 270。以後可以改。",
            "0 for a screen in its usual position, 180 if it hangs upside down, 90 or 270 if it stands upright. "
            "It can be changed later.",
        ),
    ),
    Topic.network: WordedQuestion(
        texts("再检查一次网络？", "再檢查一次網路？", "Check the network again?"),
        texts("没有网络就不能登记。", "沒有網路就不能登記。", "Without a network the device cannot be enrolled."),
    ),
    Topic.adapter: WordedQuestion(
        texts("再检查一次蓝牙？", "再檢查一次藍牙？", "Check Bluetooth again?"),
        texts(
            "没有蓝牙也能收捐款，但屏幕不会因为有人走近而变。",
            "沒有藍牙也能收捐款，但螢幕不會因為有人走近而變。",
            "Without Bluetooth the kiosk takes gifts, but it does not react to people who come near.",
        ),
    ),
    Topic.enrolled: WordedQuestion(
        texts("这台设备已经登记过。", "這部設備已經登記過。", "This device is enrolled already."),
        texts("现在是“{hall}”，服务器 {server}。", "現在是「{hall}」，伺服器 {server}。", "As “{hall}” at {server}."),
    ),
    Topic.server: WordedQuestion(
        texts("服务器的网址是什么？", "伺服器的網址是什麼？", "What is the server's address?"),
        texts(
            "工作人员页面“登记码”上写着。接了扫码枪，可以直接扫页面上的二维码。",
            "工作人員頁面「登記碼」上寫著。接了掃碼槍，可以直接掃頁面上的二維碼。",
            "Staff see it on the page “Enrolment code”. With a scanner, scan the QR code of that page instead.",
        ),
    ),
    Topic.code: WordedQuestion(
        texts("请输入登记码", "請輸入登記碼", "Type the enrolment code"),
        texts(
            "25 个字母和数字，15 分钟内有效。大小写和短横线都不要紧。",
            "25 個字母和數字，15 分鐘內有效。大小寫和短橫線都不要緊。",
            "25 letters and digits, valid for 15 minutes. Case and hyphens do not matter.",
        ),
    ),
    Topic.offer: WordedQuestion(
        texts("再问一次服务器？", "再問一次伺服器？", "Ask the server again?"),
        texts(
            "设备已经登记好，还缺本站的名称和信标号。",
            "設備已經登記好，還缺本站的名稱和信標號。",
            "The device is enrolled; the names and beacons of this site are still missing.",
        ),
    ),
    Topic.beacon: WordedQuestion(
        texts("本站发出哪个信标？", "本站發出哪個信標？", "Which beacon does this site send?"),
        texts(
            "列出的由工作人员登记。要用自己的 UUID，选“自己输入”。",
            "列出的由工作人員登記。要用自己的 UUID，選「自己輸入」。",
            "Staff recorded the listed ones. Choose “my own” to type a UUID.",
        ),
    ),
    Topic.uuid: WordedQuestion(
        texts("UUID 是什么？", "UUID 是什麼？", "What is the UUID?"),
        texts(
            "32 个 0–9、a–f，短横线可有可无。",
            "32 個 0–9、a–f，短橫線可有可無。",
            "32 digits 0–9 and a–f; hyphens may be left out.",
        ),
    ),
    Topic.major: WordedQuestion(
        texts("major 是多少？", "major 是多少？", "What is the major?"),
        texts("0 到 65535 的数。", "0 到 65535 的數。", "A number from 0 to 65535."),
    ),
    Topic.minor: WordedQuestion(
        texts("minor 是多少？", "minor 是多少？", "What is the minor?"),
        texts("0 到 65535 的数。", "0 到 65535 的數。", "A number from 0 to 65535."),
    ),
    Topic.settings: WordedQuestion(
        texts("写入这些设置？", "寫入這些設定？", "Write these settings?"),
        texts(
            "原来的设置会留一份。要改，请返回上一步。",
            "原來的設定會留一份。要改，請返回上一步。",
            "The former settings stay as they are. To change something, go back.",
        ),
    ),
    Topic.started: WordedQuestion(
        texts("怎么办？", "怎麼辦？", "What now?"),
        texts(
            "“撤回”放回原来的设置。",
            "「撤回」放回原來的設定。",
            "“Undo” puts the former settings back.",
        ),
    ),
    Topic.kiosk: WordedQuestion(
        texts("屏幕上看到爱心页面了吗？", "螢幕上看到愛心頁面了嗎？", "Does the screen show the giving page?"),
        texts(
            "请摸一下屏幕，看它有没有反应。", "請摸一下螢幕，看它有沒有反應。", "Touch it and see whether it reacts."
        ),
    ),
}

CHOICES = {
    "0": texts("0 度（横着，不转）", "0 度（橫著，不轉）", "0 degrees (not turned)"),
    "90": texts("90 度", "90 度", "90 degrees"),
    "180": texts("180 度（倒过来）", "180 度（倒過來）", "180 degrees (upside down)"),
    "270": texts("270 度", "270 度", "270 degrees"),
    "again": texts("再试一次", "再試一次", "Try again"),
    "skip": texts("先不管，继续", "先不管，繼續", "Go on without it"),
    "keep": texts("保留这个登记", "保留這個登記", "Keep this enrolment"),
    "new": texts("用新的登记码重新登记", "用新的登記碼重新登記", "Enrol again with a new code"),
    "own": texts("自己输入 UUID、major、minor", "自己輸入 UUID、major、minor", "My own UUID, major and minor"),
    "none": texts("本站不发信标", "本站不發信標", "This site sends none"),
    "write": texts("写入", "寫入", "Write them"),
    "undo": texts("撤回，放回原来的设置", "撤回，放回原來的設定", "Undo: put the former settings back"),
    "yes": texts("看到了", "看到了", "Yes"),
    "no": texts("没有", "沒有", "No"),
}
