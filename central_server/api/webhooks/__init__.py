"""Collect events, sign them and deliver them to other programs."""
