"""The commands of `dca-hosting`, one module each with `run(options) -> int`; a command loads only what it needs."""
