"""Estimators of our own, usable on any pandas frame."""
