"""Serve the pages that residents open on their phones."""
