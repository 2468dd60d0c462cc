"""How well a model does: one concept a file, each with its formula and source."""
