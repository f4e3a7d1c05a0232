"""Which version is to be installed here, and what it waits for."""
