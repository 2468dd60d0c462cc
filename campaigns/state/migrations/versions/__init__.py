"""The steps, each with the revision it follows."""
