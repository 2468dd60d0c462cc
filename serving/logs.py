"""The log of the service, on stderr: a line of JSON or of text a record, without personal data.

An error of ours says what is wrong without customer data, so it is told. What the errors of
others say may hold any value (`KeyError: 'c-01842'`), so of those only the type and the places
in the code are told.
"""

import json
import logging
import sys
import threading
import traceback
from datetime import UTC, datetime
from typing import Any, Literal

from serving.request_id import current_request_id

LogFormat = Literal["text", "json"]

OURS = frozenset({"features", "models", "pipeline", "campaigns", "serving", "shortlist"})
#: Their messages name processes, never what a request holds.
_TRUSTED = OURS | {"uvicorn.error"}


def record_fields(record: logging.LogRecord) -> dict[str, Any]:
    """Return what may be told of a record."""
    package = record.name.partition(".")[0]
    trusted = package in _TRUSTED or record.name in _TRUSTED
    # Of others the words are told, before values are filled in.
    message = record.getMessage() if trusted else str(record.msg)
    fields: dict[str, Any] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": message.strip().partition("\n")[0],
    }
    if package == "asyncio":
        fields["message"] = "an error that nobody waited for"  # its own words hold the value
    if request := current_request_id():
        fields["request_id"] = request
    fields |= getattr(record, "fields", {})
    if record.exc_info and record.exc_info[1]:
        fields["error"] = scrubbed(record.exc_info[1])
    return fields


def scrubbed(error: BaseException) -> list[dict[str, Any]]:
    """Return an error and those that led to it: types and places, words only of our own.

    Examples
    --------
    >>> scrubbed(KeyError("c-01842"))
    [{'type': 'KeyError', 'at': []}]
    """
    told: list[dict[str, Any]] = []
    following: BaseException | None = error
    while following is not None and len(told) < 10:  # noqa: PLR2004 - a chain may be a circle
        kind = type(following)
        one: dict[str, Any] = {"type": kind.__qualname__}
        if kind.__module__.partition(".")[0] in OURS:
            one["message"] = str(following)
        frames = traceback.extract_tb(following.__traceback__)
        one["at"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        told.append(one)
        following = following.__cause__ or following.__context__
    return told


class JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return json.dumps(record_fields(record), ensure_ascii=False, default=str)


class TextLines(logging.Formatter):
    """A record as a line for people, with a line below for each place of an error."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields = record_fields(record)
        named = ("time", "level", "logger", "message", "request_id")
        lines = [" ".join(str(fields.pop(name)) for name in named if name in fields)]
        for error in fields.pop("error", []):
            lines.append(f"  {error['type']}: {error.get('message', '(its words are left out)')}")
            lines += [f"    {place}" for place in error["at"]]
        lines[0] += "".join(f" {name}={value}" for name, value in fields.items())
        return "\n".join(lines)


def configure_logs(form: LogFormat) -> None:
    """Write the log of this process to stderr: what is wrong, in JSON each request as well."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    if form == "json":
        logging.getLogger("serving.request_log").setLevel(logging.INFO)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def _uncaught(kind: Any, error: BaseException, places: Any) -> None:
    logging.getLogger(__name__).error("the process ends", exc_info=(kind, error, places))


def _uncaught_in_thread(hook: threading.ExceptHookArgs) -> None:
    if hook.exc_value is not None:
        logging.getLogger(__name__).error("a thread has ended", exc_info=hook.exc_value)
