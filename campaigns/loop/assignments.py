"""Who drew which arm of a campaign, and with which probability: from its frozen lists."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from campaigns.members import DamagedListError, control_path, members_path
from campaigns.state.tables import FrozenList

#: Of an arm of which nothing is known but that it was contacted.
TREATED = "treated"
CONTROL = "control"


def assignments_of(artifacts: Path, state: Engine, campaign_id: str) -> pd.DataFrame:
    """Return one row per customer who drew an arm on any list of a campaign.

    Who drew on several lists counts by the first draw: it was made by lot, and what followed
    may follow from it.

    Parameters
    ----------
    artifacts : Path
        The folder that holds everything produced.
    state : Engine
        The state database.
    campaign_id : str
        Which campaign.

    Returns
    -------
    DataFrame of shape (n_customers, 6)
        `customer_id`; `arm`, which is the offer where the list names one, else `treated`, or
        `control`; `treated` (a flag); `probability` of the arm drawn, in (0, 1);
        `assigned_at`, in UTC; `list_id`. In the order of the draws.

    Raises
    ------
    DamagedListError
        If the members or the control of a list are missing.
    """
    with Session(state) as session:
        lists = session.execute(
            select(FrozenList.id, FrozenList.created_at)
            .where(FrozenList.campaign == campaign_id)
            .order_by(FrozenList.created_at, FrozenList.id)
        ).all()
    found = [
        _drawn(artifacts, row.id, treated=treated).assign(
            assigned_at=pd.Timestamp(row.created_at).as_unit("us"), list_id=row.id
        )
        for row in lists
        for treated in (True, False)
    ]
    if not found:
        return pd.DataFrame(
            {
                "customer_id": pd.Series(dtype=str),
                "arm": pd.Series(dtype=str),
                "treated": pd.Series(dtype=bool),
                "probability": pd.Series(dtype=float),
                "assigned_at": pd.Series(dtype="datetime64[us, UTC]"),
                "list_id": pd.Series(dtype=str),
            }
        )
    rows = pd.concat(found, ignore_index=True)
    return rows.drop_duplicates("customer_id", keep="first", ignore_index=True)


def _drawn(artifacts: Path, list_id: str, *, treated: bool) -> pd.DataFrame:
    path = (members_path if treated else control_path)(artifacts, list_id)
    try:
        rows = pq.read_table(path, columns=["customer_id", "arm", "arm_probability"])
    except (OSError, pa.ArrowInvalid) as error:
        raise DamagedListError(
            f"{path.name} of list {list_id} is missing or damaged. Restore it from a backup."
        ) from error
    rows = rows.filter(pc.is_valid(rows["customer_id"]))  # who was forgotten counts no more
    return pd.DataFrame(
        {
            "customer_id": rows["customer_id"].to_pandas().astype(str),
            "arm": rows["arm"].to_pandas().astype(str),
            "treated": np.full(len(rows), treated),
            "probability": rows["arm_probability"].to_numpy(),
        }
    )
