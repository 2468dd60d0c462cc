"""Models of a customer and a product: candidates, pairs to learn from, both directions."""
