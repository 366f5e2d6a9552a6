"""What gateway and central server agree on to the byte. Imports nothing of ours."""
