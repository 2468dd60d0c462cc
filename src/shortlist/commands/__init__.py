"""One module a verb of the command line; heavy libraries are imported where they are used."""
