"""Remove persons from everything that is kept of them."""
