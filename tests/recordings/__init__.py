"""Readings of recorded devices."""
