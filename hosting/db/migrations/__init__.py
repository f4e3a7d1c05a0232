"""The migrations of the schema, run by hosting.db.migrate."""
