"""The bank's files beside our books: what fits, what does not, and who settles that."""
