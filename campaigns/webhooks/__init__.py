"""Tell other systems what has happened: who wants to know, what is told, and how it gets there."""
