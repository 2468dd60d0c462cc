"""Where tables come from: folders, databases, and public data sets."""
