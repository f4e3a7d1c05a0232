"""The local admin UI of an appliance: server-rendered pages; the collector and the supervisor are asked over their sockets."""
