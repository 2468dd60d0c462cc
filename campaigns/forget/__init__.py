"""Forget persons: everywhere at once, with a report of what went and what did not."""
