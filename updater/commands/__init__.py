"""What a person asks of the updater on the command line."""
