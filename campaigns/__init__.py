"""Who gets what, when, who is left out and why, and whether it worked."""
