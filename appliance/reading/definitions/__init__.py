"""Vendor definitions: their schema, how they are matched to devices, and what they say of one."""
