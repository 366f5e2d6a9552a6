"""respCode, respMsg and the seven digits in it.

The codes are UnionPay's. The digits are those of its samples and of its demos' help texts; digits that begin with 999
are the emulator's own, because the real ones are unknown.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    code: str
    text: str
    detail: str

    @property
    def message(self) -> str:
        if self is BAD_SIGNATURE:  # as the real gateway does
            return f"[{self.detail}]{self.text}"
        return f"{self.text}[{self.detail}]"


SUCCESS = Code("00", "成功", "0000000")
FAILED = Code("01", "交易失败，详情请咨询发卡行", "9990001")
DONOR_LEFT = Code("01", "用户取消支付", "9990002")
TIMED_OUT = Code("03", "交易通讯超时，请发起查询交易", "9990003")
UNCLEAR = Code("04", "交易状态未明，请查询对账结果", "8090001")
ACCEPTED = Code("05", "交易已受理，请稍后查询交易结果", "6154037")
MALFORMED = Code("10", "报文格式错误", "6100030")
STALE = Code("10", "txnTime无效", "9990010")
TOO_LATE = Code("10", "payTimeout已过", "9990011")
BAD_SIGNATURE = Code("11", "Signature verification failed", "9100004")
UNKNOWN_CERTIFICATE = Code("11", "证书未登记", "9990012")
REUSED = Code("12", "订单重复", "2010002")
MISSING = Code("13", "报文交易要素缺失", "6151084")
WRONG_MERCHANT = Code("31", "商户状态不正确", "9990031")
NO_SUCH_TRADE = Code("32", "无此交易权限", "9990032")
TOO_MUCH = Code("33", "交易金额超限", "9990033")
NOT_FOUND = Code("34", "查无此交易", "2600000")
WRONG_ORIGINAL = Code("35", "原交易状态不正确", "2040004")
OTHER_DAY = Code("35", "原交易状态不正确", "2040006")
NOT_THE_WHOLE = Code("35", "原交易状态不正确", "2050001")
UNDONE_ALREADY = Code("35", "原交易状态不正确", "2050002")
NOT_AS_ORIGINAL = Code("36", "与原交易信息不符", "2050004")
PAID_LATE = Code("42", "扣款成功但交易超过规定支付时间", "9990042")
NO_FILE = Code("98", "文件不存在", "9990098")
FLAWED = Code("A6", "有缺陷的成功", "9990006")

MONEY_MOVED = frozenset((SUCCESS.code, FLAWED.code, PAID_LATE.code))
BY_CODE = {known.code: known for known in (FAILED, SUCCESS, FLAWED, PAID_LATE, ACCEPTED)}
