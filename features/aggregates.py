"""Aggregates that several features share, safe on every engine."""

import ibis.expr.types as ir

#: More days than any history has, and its digits.
_FAR, _WIDTH = 10**7, 8


def share_of(part: ir.NumericValue, whole: ir.NumericValue) -> ir.FloatingValue:
    """Return part over whole; null where the whole is zero or null, never an error."""
    return part / whole.nullif(0)


def change_of(recent: ir.NumericValue, earlier: ir.NumericValue) -> ir.FloatingValue:
    """Return how a quantity moved, in [-1, 1]: (recent - earlier) / (recent + earlier).

    1 where there was nothing before, -1 where there is nothing now, null where there was
    nothing at all. Unlike a quotient it never explodes and treats up and down alike.
    """
    return share_of(
        recent.fill_null(0) - earlier.fill_null(0), recent.fill_null(0) + earlier.fill_null(0)
    )


def latest_text(text: ir.StringValue, days_before: ir.IntegerValue) -> ir.StringValue:
    """Return the text of the row nearest to the cut-off; of several, the last in the alphabet.

    `argmin` would pick any one of the rows that tie, and another one at the next run.
    """
    nearness = (_FAR - days_before).cast("string").lpad(_WIDTH, "0")
    return nearness.concat(text).max().substr(_WIDTH)
