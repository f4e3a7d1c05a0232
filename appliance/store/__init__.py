"""What the collector keeps: devices, readings, events, traffic and what still has to be sent (SQLite)."""
