"""Word the kinds of parcels and the reasons why a delivery failed, in Chinese and English."""

from sync_contract.enrolment import KEY_REVOKED, KEY_UNKNOWN

KINDS = {
    "intent": "捐款登记 gift registered",
    "statistics": "信标统计 beacon statistics",
    "screen": "屏幕计数 screen counts",
    "sheet": "验收单 acceptance sheet",
    "bell": "呼叫工作人员 staff called",
    "": "",
}
REASONS = {
    "name_unknown": "找不到这个域名,请检查网络 its name is unknown; check the network and [central] url",
    "certificate": "证书不被接受,请检查时钟 its certificate is not accepted; check the clock",
    "no_answer": "没有回应 no answer",
    "no_connection": "连接不上 no connection",
    KEY_REVOKED: "密钥已被停用 its key was revoked",
    KEY_UNKNOWN: "服务器不认得它 the server does not know it",
}
"""Wording of the reasons of beacon_gateway.sync.central_client; others are shown unchanged."""
