"""What the law asks of whoever raises money in public, beside the permit rule: ends, and what to publish when."""
