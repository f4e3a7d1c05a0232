"""The collector's side of the hosting server: the connection, the commands that come over it, the state it is told."""
