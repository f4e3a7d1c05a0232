"""The TUF client: what the hosting team signed, fetched and verified."""
