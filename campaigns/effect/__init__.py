"""Did it work? What a campaign or a promotion added, with its interval."""
