"""How a caller asks over HTTP."""
