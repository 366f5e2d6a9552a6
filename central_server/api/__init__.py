"""Define the API for other programs: operations, problems, personal tokens, webhooks."""
