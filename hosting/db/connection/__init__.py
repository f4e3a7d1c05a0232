"""The way to the database: its engine and transactions, the threads they run on, a standby to read from, and whether it writes."""
