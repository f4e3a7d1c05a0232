"""The container engine: the one door to it, and what it says of this container."""
