"""The page of a model of pairs."""
