"""What we know about a customer, a product, or a pair of both, on a given day."""
