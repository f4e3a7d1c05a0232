"""The database: SQLite for one server, PostgreSQL for a fleet. The same tables and statements on both."""
