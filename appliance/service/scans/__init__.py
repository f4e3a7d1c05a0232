"""Scans of the service: when one may run, which devices it reads, and how its readings are kept."""
