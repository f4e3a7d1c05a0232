"""What stands below `update/` on the data volume."""
