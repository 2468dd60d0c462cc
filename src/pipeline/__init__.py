"""How tables become validated snapshots, trained and gated models, and released scores."""
