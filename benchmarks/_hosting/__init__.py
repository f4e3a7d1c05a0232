"""Measurements of a hosting server that runs as a process of its own: intake, check-ins, kept connections."""
