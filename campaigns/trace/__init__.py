"""From a member of a list, or one who was left out, back to all that decided it."""
