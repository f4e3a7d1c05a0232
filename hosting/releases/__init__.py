"""Releases as the hosting team makes them: from an image to a catalogue, from a catalogue to whom it is offered."""
