"""Retrain unattended: what is due, with which data, and what became of it."""
