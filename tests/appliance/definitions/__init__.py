"""Vendor definitions: their schema, their loading, and what each makes of a device."""
