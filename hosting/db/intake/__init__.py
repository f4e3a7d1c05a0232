"""What sites send: readings, changes of readings, events and check-ins, taken in once and together."""
