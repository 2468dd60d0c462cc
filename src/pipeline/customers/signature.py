"""What a registered model of customers, or of pairs, returns."""

#: The one table that it returns: a row for each row of features.
RETURNED = {
    "probability": "double",
    "rank": "long",
    "model": "string",
    "tested_as_of": "string",
}
