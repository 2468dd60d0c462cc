"""From purchases that repeat to the day on which the next one is due."""
