"""Replacing the container by its successor: the plan, its steps, the health gate, and the way back."""
