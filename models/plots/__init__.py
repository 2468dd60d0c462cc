"""One function a figure: arrays in, axes out; no style is set for others.

Where a figure comes of outcomes and scores there are two: one that measures and draws
(`gains_plot`), and one that draws what was measured before (`gains_curves_plot`).
"""

from models.plots.axes import Band
from models.plots.budget import budget_plot
from models.plots.calibration import calibration_plot, reliability_plot
from models.plots.deciles import bands_plot, deciles_plot
from models.plots.due_dates import due_plot
from models.plots.effects import interval_plot
from models.plots.gains import gains_curves_plot, gains_plot
from models.plots.hazard import hazard_plot
from models.plots.lift import lift_plot
from models.plots.matrices import association_plot, cohort_plot
from models.plots.profit import Best, depth_plot, profit_plot
from models.plots.timeline import alarms_plot, ratio_plot
from models.plots.uplift import UpliftLine, qini_plot, uplift_plot

__all__ = [
    "Band",
    "Best",
    "UpliftLine",
    "alarms_plot",
    "association_plot",
    "bands_plot",
    "budget_plot",
    "calibration_plot",
    "cohort_plot",
    "deciles_plot",
    "depth_plot",
    "due_plot",
    "gains_curves_plot",
    "gains_plot",
    "hazard_plot",
    "interval_plot",
    "lift_plot",
    "profit_plot",
    "qini_plot",
    "ratio_plot",
    "reliability_plot",
    "uplift_plot",
]
