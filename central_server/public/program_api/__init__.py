"""Serve JSON to programs: lists, figures, the sync log, the public ledger and shakes."""
