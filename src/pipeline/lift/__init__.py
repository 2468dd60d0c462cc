"""From campaigns, assignments and what followed to the effect of each offer."""
