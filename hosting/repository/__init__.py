"""The TUF repository of the hosting team: its keys, what they sign, how it is published. The door is `repository.Repository`."""
