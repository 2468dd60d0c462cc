"""The windows that features look back over, in days before the cut-off."""

#: A month, a season, half a year, a year: long enough for the slowest usual cycle.
MONTH, QUARTER, HALF_YEAR, YEAR = 30, 90, 180, 365
WINDOWS = (MONTH, QUARTER, HALF_YEAR, YEAR)
#: Where only the recent past says something: the pressure of contacts, a sudden interest.
SHORT_WINDOWS = (7, MONTH, QUARTER)
