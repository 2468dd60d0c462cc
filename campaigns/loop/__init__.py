"""The loop around a list: the plan, what was reported, what goes back into the tables."""
