"""Walking tables: columns, how much is asked at once, and what was shown so far."""
