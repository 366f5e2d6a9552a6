"""Every route of the central server, each with who may not see what. One file for each part of the product.

A file has `ROUTES`, a table by "METHOD /path as the router has it", and may have `plant`, which puts into the world
what its routes show. `test_tenancy` walks all of them, and fails for a route that stands in no table.
"""
