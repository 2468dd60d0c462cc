"""A registered model as MLflow loads it: text files in, one fixed table out, no pickle."""

from importlib import import_module
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd


class PackagedModel(mlflow.pyfunc.PythonModel):  # type: ignore[misc,name-defined]  # MLflow ships no types
    """Probability of the outcome for each row of a frame of features."""

    def load_context(self, context: Any) -> None:
        """Read the learner that was trained."""
        name = context.model_config["model"]
        model = getattr(import_module(f"models.{name}"), name)
        folder = Path(context.artifacts["trained"]) / "learner"
        self._learner = type(model.learner(0)).load(folder)
        self._model, self._as_of = name, context.model_config["tested_as_of"]

    def predict(
        self,
        context: Any,  # noqa: ARG002 - MLflow's signature
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,  # noqa: ARG002 - MLflow's signature
    ) -> pd.DataFrame:
        """Return `probability`, `rank` (1 is best), `model` and `tested_as_of` for each row."""
        probability = self._learner.predict_proba(model_input)[:, 1]
        table = pd.DataFrame({"probability": probability}, index=model_input.index)
        return table.assign(
            rank=table.probability.rank(method="first", ascending=False).astype("int64"),
            model=self._model,
            tested_as_of=self._as_of,
        )


mlflow.models.set_model(PackagedModel())
