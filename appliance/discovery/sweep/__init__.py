"""A sweep: which address is asked next, what comes back, and how far it is."""
