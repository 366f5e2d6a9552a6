"""Answer phones that ranged beacons: the project there, and a presence pass without any identity."""
