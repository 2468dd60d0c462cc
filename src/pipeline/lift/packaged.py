"""A registered model of offers as MLflow loads it: text files in, one fixed table out."""

from importlib import import_module
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd


class PackagedLift(mlflow.pyfunc.PythonModel):  # type: ignore[misc,name-defined]  # MLflow ships no types
    """What each offer changes for each row of a frame of features."""

    def load_context(self, context: Any) -> None:
        """Read what was learned."""
        from models.effects.shipped import Learned

        name = context.model_config["model"]
        model = getattr(import_module(f"models.{name}"), name)
        self._learned = Learned.load(Path(context.artifacts["trained"]), model)
        self._model, self._as_of = name, context.model_config["tested_as_of"]

    def predict(
        self,
        context: Any,  # noqa: ARG002 - MLflow's signature
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,  # noqa: ARG002 - MLflow's signature
    ) -> pd.DataFrame:
        """Return one row per row of input and offer, best offer and customer first.

        `row` is the position in the input; `effect`, `low` and `high` are in probability;
        `rank` is 1 for the largest effect.
        """
        found = self._learned.effects(model_input)
        parts = [
            pd.DataFrame(
                {
                    "row": range(len(model_input)),
                    "arm": arm,
                    "effect": found.value[arm].to_numpy(),
                    "low": found.low[arm].to_numpy(),
                    "high": found.high[arm].to_numpy(),
                }
            )
            for arm in self._learned.arms
        ]
        table = pd.concat(parts, ignore_index=True)
        return table.assign(
            rank=table.effect.rank(method="first", ascending=False).astype("int64"),
            model=self._model,
            tested_as_of=self._as_of,
        )


mlflow.models.set_model(PackagedLift())
