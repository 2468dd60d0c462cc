"""Models of customers, or of one customer and one thing, with a yes or a no as outcome."""
