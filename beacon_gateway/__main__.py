"""`python -m beacon_gateway` is `beacon-gateway`."""

from beacon_gateway.cli import main

main()
