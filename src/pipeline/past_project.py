"""Hold a project's own copies of delivered tables to `retention.tables`, run or no run."""

from collections import Counter
from datetime import datetime
from pathlib import Path

from pipeline.alone import alone
from pipeline.erase_past import count_past_stores, erase_past_rows
from pipeline.kept_since import kept_rows
from pipeline.params import read_params, read_run


def let_go_of_past_rows(folder: Path, *, at: datetime, dry_run: bool) -> Counter[str]:
    """Remove rows that are older than they are kept; return how many, by store.

    The next run notices that the limit has moved, and learns without them.

    Parameters
    ----------
    folder : Path
        The project; without a run it holds nothing.
    at : datetime
        Now, with its zone.
    dry_run : bool
        Only count.

    Raises
    ------
    BusyError
        If a run is under way.
    """
    if not all((folder / name).exists() for name in ("params.yaml", "artifacts/run.yaml")):
        return Counter()
    kept = kept_rows(read_params(folder, overrides=read_run(folder).overrides), at=at)
    if not kept.since:
        return Counter()
    with alone(folder / "artifacts"):
        return count_past_stores(folder, kept) if dry_run else erase_past_rows(folder, kept)
