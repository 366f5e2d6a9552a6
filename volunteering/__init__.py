"""The community's volunteers: an optional part of the central server, which loads it through an entry point."""
