"""A retailer whose truth is known."""
