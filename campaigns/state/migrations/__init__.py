"""How the tables of the state database came about, one file a step."""
