"""Hardware test for a person with a Raspberry Pi, a tag and a phone: `python -m tests.hardware`."""
