"""What other programs are given: problems with stable types, personal tokens, the OpenAPI document, webhooks."""
