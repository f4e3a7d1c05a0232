"""The supervisor process, and everything it does by the clock."""
