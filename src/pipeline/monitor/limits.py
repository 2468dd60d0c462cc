"""What monitoring lets pass: the limits past which it rings."""

from pydantic import BaseModel, ConfigDict, Field


class MonitoringParams(BaseModel):
    """Limits of `shortlist monitor`; see `docs/monitoring.md`.

    Attributes
    ----------
    psi : float
        Smallest stability index against the most alike earlier month that can ring.
    spread : float
        How many times as far as any earlier month lay from its own past.
    false_discovery_rate : float
        Of all columns at once (Benjamini-Hochberg).
    unseen_share : float
        Share of rows with a text that was never seen, such as a new category.
    fewest_references : int
        With fewer earlier cut-offs nobody knows what is usual, and no column rings.
    rows_change : float
        Share by which the number of rows may differ from that of the newest earlier cut-off.
    ratio_low, ratio_high : float
        Band of observed over expected. It rings where the whole interval lies outside.
    slope_low, slope_high : float
        The same for the calibration slope.
    auc_fall : float
        By how much the ROC-AUC may fall below what the test had promised.
    turnover : float
        Share of the list that may be new since the score set before.
    level : float
        Of the intervals that have to lie outside.
    fewest_outcomes : int
        With fewer, nothing is said of what came true.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    psi: float = Field(default=0.08, gt=0)
    spread: float = Field(default=2.0, ge=1)
    false_discovery_rate: float = Field(default=0.01, gt=0, lt=1)
    unseen_share: float = Field(default=0.01, gt=0, lt=1)
    fewest_references: int = Field(default=3, ge=1)
    rows_change: float = Field(default=0.3, gt=0)
    ratio_low: float = Field(default=0.8, gt=0, lt=1)
    ratio_high: float = Field(default=1.25, gt=1)
    slope_low: float = Field(default=0.7, gt=0, lt=1)
    slope_high: float = Field(default=1.4, gt=1)
    auc_fall: float = Field(default=0.03, ge=0, lt=0.5)
    turnover: float = Field(default=0.5, gt=0, le=1)
    level: float = Field(default=0.99, gt=0.5, lt=1)
    fewest_outcomes: int = Field(default=50, ge=2)
