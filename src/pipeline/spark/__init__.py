"""Snapshots and scores on Spark, from the definitions that DuckDB computes on one machine."""
