"""The API: what sites send, signed, and what programs of the provider read, by token."""
