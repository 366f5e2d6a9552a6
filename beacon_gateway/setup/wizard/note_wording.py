"""Texts of what the set-up reports without a question, in three languages."""

from beacon_gateway.setup.wizard.questions import Note
from beacon_gateway.setup.wizard.worded import texts

NOTES = {
    Note.network_ready: texts(
        "网络已接通（{interface}）。", "網路已接通（{interface}）。", "The network is up ({interface})."
    ),
    Note.adapter_ready: texts("找到蓝牙：{adapters}。", "找到藍牙：{adapters}。", "Bluetooth found: {adapters}."),
    Note.adapter_simulated: texts(
        "没有用真的蓝牙：信号是模拟的。",
        "沒有用真的藍牙：訊號是模擬的。",
        "No real Bluetooth is used: signals are simulated.",
    ),
    Note.enrolling: texts("正在登记…", "正在登記…", "Enrolling…"),
    Note.enrolled: texts("登记好了：{hall}。", "登記好了：{hall}。", "Enrolled as {hall}."),
    Note.compare_fingerprint: texts(
        "请对照工作人员页面上的指纹：{fingerprint}",
        "請對照工作人員頁面上的指紋：{fingerprint}",
        "Compare with the fingerprint on the staff page: {fingerprint}",
    ),
    Note.offered: texts(
        "服务器给出：{community}，{hall}。",
        "伺服器給出：{community}，{hall}。",
        "The server offers: {community}, {hall}.",
    ),
    Note.tag_wait: texts(
        "请在 30 秒内把一张卡贴近设备。没有卡就等一下。",
        "請在 30 秒內把一張卡貼近設備。沒有卡就等一下。",
        "Hold a tag close to the device within 30 seconds. Without a tag, just wait.",
    ),
    Note.tag_heard: texts(
        "收到了：{beacon}，{rssi} dBm。", "收到了：{beacon}，{rssi} dBm。", "Received: {beacon}, {rssi} dBm."
    ),
    Note.tag_silent: texts(
        "没有收到贴近的卡。不影响安装；以后可用 beacon-gateway scan 再试。",
        "沒有收到貼近的卡。不影響安裝；以後可用 beacon-gateway scan 再試。",
        "No tag was close. The set-up goes on; try later with beacon-gateway scan.",
    ),
    Note.tag_failed: texts("没有试卡。不影响安装。", "沒有試卡。不影響安裝。", "No tag was tried. The set-up goes on."),
    Note.summary: texts(
        "本站：{community}，{hall}\n信标：{beacon}\n项目：{project}\n"
        "时区：{time_zone}\n屏幕：{rotation} 度\n环境：{environment}",
        "本站：{community}，{hall}\n信標：{beacon}\n專案：{project}\n"
        "時區：{time_zone}\n螢幕：{rotation} 度\n環境：{environment}",
        "Site: {community}, {hall}\nBeacon: {beacon}\nProject: {project}\n"
        "Time zone: {time_zone}\nScreen: {rotation} degrees\nEnvironment: {environment}",
    ),
    Note.written: texts(
        "已写好：{file}\n原来的设置：{aside}",
        "已寫好：{file}\n原來的設定：{aside}",
        "Written: {file}\nFormer settings: {aside}",
    ),
    Note.starting: texts("正在启动，最多一分钟…", "正在啟動，最多一分鐘…", "Starting, up to a minute…"),
    Note.advert_proved: texts(
        "信标已在空中：{adapter} 收到了它。",
        "信標已在空中：{adapter} 收到了它。",
        "The beacon is on the air: {adapter} receives it.",
    ),
    Note.advert_not_proved: texts(
        "信标在发，但没有证实：本机没有第二个蓝牙来收。可以用手机或另一台网关看。",
        "信標在發，但沒有證實：本機沒有第二個藍牙來收。可以用手機或另一部閘道器看。",
        "The beacon is sent, but not proved: no second adapter receives it. Check with a phone or another gateway.",
    ),
    Note.advert_simulated: texts(
        "信标是模拟的，没有真的发出。", "信標是模擬的，沒有真的發出。", "The beacon is simulated; nothing is sent."
    ),
    Note.advert_off_air: texts(
        "信标还没有发出。原因请看：sudo beacon-gateway doctor",
        "信標還沒有發出。原因請看：sudo beacon-gateway doctor",
        "The beacon is not on the air. The cause: sudo beacon-gateway doctor",
    ),
    Note.advert_none: texts("本站不发信标。", "本站不發信標。", "This site sends no beacon."),
    Note.undone: texts("原来的设置已放回。", "原來的設定已放回。", "The former settings are back."),
    Note.finished: texts(
        "装好了。下一步：sudo beacon-gateway calibrate 量大厅，再 sudo beacon-gateway commission 做验收单。",
        "裝好了。下一步：sudo beacon-gateway calibrate 量大廳，再 sudo beacon-gateway commission 做驗收單。",
        "Done. Next: sudo beacon-gateway calibrate measures the hall, then sudo beacon-gateway commission makes the "
        "acceptance sheet.",
    ),
}
