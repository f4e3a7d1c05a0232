"""What the `dca` commands do, one file a command. Each has `run(arguments) -> int` and imports what is heavy only when it runs."""
