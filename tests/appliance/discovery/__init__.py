"""Tests of targets, pace, pings and sweeps."""
