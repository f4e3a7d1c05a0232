"""Tests of the transmission."""
