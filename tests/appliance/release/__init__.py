"""The documents about releases."""
