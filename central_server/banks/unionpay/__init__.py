"""UnionPay 全渠道, 跳轉網關支付 (B2C gateway), version 5.1.0 with RSA certificates."""
