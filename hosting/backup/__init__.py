"""Backups: everything a server needs to be itself in one file, and a server made of one."""
