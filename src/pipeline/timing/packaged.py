"""A registered model of dates as MLflow loads it: text files in, one fixed table out."""

from importlib import import_module
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd


class PackagedTiming(mlflow.pyfunc.PythonModel):  # type: ignore[misc,name-defined]  # MLflow ships no types
    """When the next purchase is due, for each row of a frame of what is known at a cut-off."""

    def load_context(self, context: Any) -> None:
        """Read what was learned."""
        name = context.model_config["model"]
        self._declared = getattr(import_module(f"models.{name}"), name)
        folder = Path(context.artifacts["trained"]) / "learner"
        self._learner = type(self._declared.learner(0)).load(folder)
        self._as_of = context.model_config["tested_as_of"]

    def predict(
        self,
        context: Any,  # noqa: ARG002 - MLflow's signature
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,  # noqa: ARG002 - MLflow's signature
    ) -> pd.DataFrame:
        """Return the probability within the declared horizon, and dates as whole days from now.

        `rank` is 1 for the most likely purchase.
        """
        said = self._learner.predict(
            model_input, gap_days=self._declared.gap_days, horizon_days=self._declared.horizon_days
        )
        days = ["due_in_days", "opens_in_days", "closes_in_days"]
        table = said[["probability", *days]].astype(dict.fromkeys(days, "int64"))
        return table.assign(  # type: ignore[no-any-return]
            rank=table.probability.rank(method="first", ascending=False).astype("int64"),
            model=self._declared.name,
            tested_as_of=self._as_of,
        )


mlflow.models.set_model(PackagedTiming())
