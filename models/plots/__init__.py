"""One function a figure: arrays in, axes out; no style is set for others."""

from models.plots.calibration import calibration_plot
from models.plots.deciles import deciles_plot
from models.plots.due_dates import due_plot
from models.plots.effects import interval_plot
from models.plots.gains import gains_plot
from models.plots.hazard import hazard_plot
from models.plots.lift import lift_plot
from models.plots.matrices import association_plot, cohort_plot
from models.plots.profit import profit_plot
from models.plots.uplift import UpliftLine, qini_plot, uplift_plot

__all__ = [
    "UpliftLine",
    "association_plot",
    "calibration_plot",
    "cohort_plot",
    "deciles_plot",
    "due_plot",
    "gains_plot",
    "hazard_plot",
    "interval_plot",
    "lift_plot",
    "profit_plot",
    "qini_plot",
    "uplift_plot",
]
