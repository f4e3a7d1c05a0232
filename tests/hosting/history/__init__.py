"""Tests of the history: readings as they came, and days that are over."""
