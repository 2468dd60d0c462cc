"""JSON as bytes, several times faster than through response models."""

from typing import Any

import orjson


def json_bytes(document: Any) -> bytes:
    """Return a document as UTF-8 JSON.

    Examples
    --------
    >>> json_bytes({"rank": 1, "probability": 0.25})
    b'{"rank":1,"probability":0.25}'
    """
    return orjson.dumps(document)
