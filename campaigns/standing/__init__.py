"""Lists that are built again and again: when, about what, and whom not to remind twice."""
