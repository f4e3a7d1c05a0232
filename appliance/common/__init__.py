"""The ground all rooms stand on: paths, clock, files, errors, logs, and the way out to other servers."""
