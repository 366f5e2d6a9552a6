"""Slips and official receipts: who wants one, what for it is kept under seal, and until when."""
