"""Installing a version, up to the hand-over: its image, its preflight, the state it is tried with."""
