"""Releases: archives, registries, bundles."""
