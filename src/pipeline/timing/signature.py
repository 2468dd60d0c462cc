"""What a registered model of dates returns."""

#: The one table that it returns.
RETURNED = {
    "probability": "double",
    "due_in_days": "long",
    "opens_in_days": "long",
    "closes_in_days": "long",
    "rank": "long",
    "model": "string",
    "tested_as_of": "string",
}
