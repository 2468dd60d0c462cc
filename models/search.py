"""Where tuning looks for the parameters of `PropensityClassifier`."""

from collections.abc import Mapping

from models.definition import Span

#: Few large leaves suit rare outcomes, many small ones large data.
TREES: Mapping[str, Span] = {
    "learning_rate": Span(low=0.02, high=0.2, log=True),
    "leaves": Span(low=4, high=63, log=True, whole=True),
    "min_leaf": Span(low=20, high=2000, log=True, whole=True),
    "l2": Span(low=0.1, high=100.0, log=True),
    "columns_share": Span(low=0.3, high=1.0),
    "rows_share": Span(low=0.5, high=1.0),
}
