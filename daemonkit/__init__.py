"""What any long-running service of ours needs. Knows no domain, imports nothing of ours."""
