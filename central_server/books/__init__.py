"""The books as others need them: totals for 慈善中国, and everything about one project for its auditor."""
