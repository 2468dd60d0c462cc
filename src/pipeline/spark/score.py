"""Score rows where Spark holds them: Arrow batches through the predictor of every engine."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa

from pipeline.spark.session import Spark

#: Rows that are scored at once: enough to be worth summing trees the quick way.
_BATCH = 50_000


def score_on_spark(
    opened: Spark,
    rows: ir.Table,
    *,
    keys: Sequence[str],
    load: Callable[[Path], Any],
    folder: Path,
) -> pa.Table:
    """Return the keys of rows and their probability, in the order of the keys.

    Parameters
    ----------
    opened : Spark
        The session. Its workers must have shortlist installed.
    rows : Table
        Keys and features.
    keys : sequence of str
        Columns that say whose row it is; all others are features.
    load : callable
        Returns the learner that lies in a folder.
    folder : Path
        The learner; it is sent to every worker.

    Returns
    -------
    pyarrow.Table
        Keys, and `probability` in [0, 1].
    """
    frame = opened.frame("to_score", rows)
    opened.session.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", str(_BATCH))
    names = [name for name in frame.columns if name not in keys]
    opened.session.sparkContext.addFile(str(folder), recursive=True)
    sent = folder.name

    def predicted(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from pyspark import SparkFiles

        learner = load(Path(SparkFiles.get(sent)))
        for batch in batches:
            features = batch.select(names).to_pandas()
            probability = pa.array(learner.predict_proba(features)[:, 1])
            yield batch.select(list(keys)).append_column("probability", probability)

    schema = ", ".join(f"`{key}` string" for key in keys) + ", probability double"
    scored = frame.mapInArrow(predicted, schema=schema).orderBy(*keys)
    return scored.toArrow()
