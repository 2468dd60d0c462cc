"""Mailing labels: who has an address that the post delivers to."""

from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

#: What stands on a label; the tables hold no names.
LABEL = ("customer_id", "address", "city", "region", "postal_code")

#: Six digits, as Taiwan's post has asked for since 2020; no area begins with 0.
_CODE = r"^[1-9][0-9]{5}$"


class Labels(NamedTuple):
    """Rows that can be mailed, and those that cannot, with what is wrong.

    Attributes
    ----------
    rows : pyarrow.Table
        Columns of `LABEL`, in the given order.
    without : pyarrow.Table
        `customer_id` and `problem`: `missing_address`, `missing_code` or `malformed_code`.
    """

    rows: pa.Table
    without: pa.Table


def labels(members: pa.Table) -> Labels:
    """Part members into those with a label and those without.

    Examples
    --------
    >>> columns = {name: ["a"] for name in LABEL} | {"postal_code": ["10617"]}
    >>> labels(pa.table(columns)).without["problem"].to_pylist()
    ['malformed_code']
    """
    code = pc.utf8_trim_whitespace(members["postal_code"].cast(pa.string()))
    address = pc.utf8_trim_whitespace(members["address"].cast(pa.string()))
    problem = pc.case_when(
        pc.make_struct(
            _is_empty(address),
            _is_empty(code),
            pc.invert(pc.fill_null(pc.match_substring_regex(code, _CODE), fill_value=False)),
        ),
        "missing_address",
        "missing_code",
        "malformed_code",
    )
    place = members.schema.get_field_index("postal_code")
    whole = members.set_column(place, "postal_code", code).select(list(LABEL))
    fine = pc.is_null(problem)
    told = pa.table({"customer_id": members["customer_id"], "problem": problem})
    return Labels(whole.filter(fine), told.filter(pc.invert(fine)))


def _is_empty(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.fill_null(pc.equal(texts, ""), fill_value=True)
