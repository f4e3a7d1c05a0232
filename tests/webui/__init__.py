"""Tests of the local web UI over real sockets."""
