"""Texts on the pages of the drill's UnionPay gateway; those not listed are the sandbox's."""

from central_server.bank_emulator.texts import TEXTS as SANDBOX
from sync_contract.strict_model import Language

_OWN: dict[Language, dict[str, str]] = {
    Language.zh_hans: {
        "bank": "演练网关支付",
        "for": "订单说明",
        "confirm": "支付成功",
        "fail": "支付失败",
        "close": "关闭",
        "paid": "支付成功。",
        "pending": "网银正在处理这笔付款。",
        "failed": "支付失败，没有扣款。",
        "expired": "这笔订单已超过支付时间。",
        "left": "您还没有付款。",
        "again": "回到付款页",
        "back": "返回商户",
        "refused": "网关没有接受这笔订单",
    },
    Language.zh_hant: {
        "bank": "演練閘道付款",
        "for": "訂單說明",
        "confirm": "付款成功",
        "fail": "付款失敗",
        "close": "關閉",
        "paid": "付款成功。",
        "pending": "網銀正在處理這筆款項。",
        "failed": "付款失敗，並未扣款。",
        "expired": "這筆訂單已過付款時限。",
        "left": "您尚未付款。",
        "again": "回到付款頁",
        "back": "返回商戶",
        "refused": "閘道沒有受理這筆訂單",
    },
    Language.en: {
        "bank": "Drill payment gateway",
        "confirm": "Payment succeeds",
        "fail": "Payment fails",
        "close": "Close",
        "paid": "The payment succeeded.",
        "pending": "Your bank is working on this payment.",
        "failed": "The payment failed. Nothing was taken.",
        "expired": "The time for this payment is over.",
        "left": "You have not paid.",
        "again": "To the payment page",
        "back": "Back to the merchant",
        "refused": "The gateway did not accept this order",
    },
}
TEXTS = {language: SANDBOX[language] | own for language, own in _OWN.items()}
