"""What a registered model of offers returns."""

#: The one table that it returns.
RETURNED = {
    "row": "long",
    "arm": "string",
    "effect": "double",
    "low": "double",
    "high": "double",
    "rank": "long",
    "model": "string",
    "tested_as_of": "string",
}
