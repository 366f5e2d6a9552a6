"""Run beacon-gateway as `python -m beacon_gateway`."""

from beacon_gateway.cli import main

main()
