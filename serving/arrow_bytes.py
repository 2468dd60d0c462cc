"""Tables as Arrow streams: typed, and read without being parsed."""

import pyarrow as pa


def arrow_bytes(rows: pa.Table) -> bytes:
    """Return a table as a stream that pyarrow, pandas, Polars and DuckDB read.

    Examples
    --------
    >>> stream = arrow_bytes(pa.table({"rank": [1, 2]}))
    >>> pa.ipc.open_stream(stream).read_all()["rank"].to_pylist()
    [1, 2]
    """
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as stream:
        stream.write_table(rows)
    return bytes(sink.getvalue())
