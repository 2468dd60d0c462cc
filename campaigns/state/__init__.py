"""What changes while the system runs: keys and lists, in SQLite or PostgreSQL."""
