"""Shortlist: ranked target lists from a retailer's own tables."""
