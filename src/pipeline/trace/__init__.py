"""From a score back to all that it came from, and the same score computed again."""
