"""What limits of `retention.tables` cost the models: cut-offs, and sight at the earlier ones."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

from features.windows import YEAR
from pipeline.params import Params
from pipeline.planned import Planned
from pipeline.quality import Quality, read_quality

#: A limit moves by whole months.
_MONTH = 31


def too_short(artifacts: Path, params: Params) -> str:
    """Return why the data begin so late, where a limit has left receipts out; nothing elsewhere."""
    for one in _quality(artifacts).tables:
        if one.table == "transactions" and one.past_retention:
            days = params.retention.tables["transactions"]
            return (
                f" `retention.tables.transactions` ({days} days) has left out what was known "
                f"before {one.kept_since}: raise it."
            )
    return ""


def short_memories(artifacts: Path, params: Params, plans: Mapping[str, Planned]) -> Iterator[str]:
    """Yield a notice for each limit that lets earlier cut-offs see less than the scoring one.

    Features look back over a year at the most, but for those that count all there is. At a
    cut-off with less than a year of rows before it they mean something else than where the
    model is used.
    """
    learning = [(own.labelled[0], name) for name, own in plans.items() if own.labelled]
    if not learning:
        return
    earliest, name = min(learning)
    needed = earliest - timedelta(days=YEAR)
    for one in _quality(artifacts).tables:
        if one.past_retention and one.kept_since and one.kept_since > needed:
            newest = max(own.score for own in plans.values())
            days = params.retention.tables[one.table]
            yield (
                f"{one.table} are kept from {one.kept_since} on (`retention.tables`: {days} days). "
                f"Features look back over {YEAR} days, and {name} learns from {earliest} on: "
                f"earlier cut-offs see less than the one of {newest}. "
                f"{(newest - needed).days + _MONTH} days would do, or a smaller "
                "snapshots.max_training"
            )


def _quality(artifacts: Path) -> Quality:
    if not (artifacts / "quality" / "report.json").exists():
        return Quality("", "", 1, ())
    return read_quality(artifacts / "quality")
