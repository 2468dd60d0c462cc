"""Estimators of what an offer or a promotion changed."""
