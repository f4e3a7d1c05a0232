"""Tests of the process helpers and other shared code."""
