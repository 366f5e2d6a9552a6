"""List every route of the central server with its access rules, in one file for each part of the product.

A file has `ROUTES`, a table by "METHOD /path of the router", and may have `plant`, which adds the data that its routes
show. `test_tenancy` requests all of them, and fails for a route without an entry.
"""
