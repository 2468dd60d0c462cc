"""What newly arrived data look like beside those of the last run."""
