"""What monitoring last found, as gauges for Prometheus."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from pipeline.monitor.summary import read_summary


class MonitoringCollector(Collector):
    """Report the newest record of every subject each time it is asked; no personal data.

    Parameters
    ----------
    artifacts : Path
        The folder that holds everything produced.
    """

    def __init__(self, artifacts: Path) -> None:
        self._artifacts = artifacts

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield one gauge for all figures, and one for how old they are."""
        found = GaugeMetricFamily(
            "shortlist_monitoring",
            "What `shortlist monitor` last found; alarms above 0 ring.",
            labels=["subject", "version", "figure"],
        )
        as_of = GaugeMetricFamily(
            "shortlist_monitoring_as_of_seconds",
            "Cut-off of the scores that were looked at, since the epoch.",
            labels=["subject"],
        )
        for subject, one in read_summary(self._artifacts).items():
            for name, value in one["figures"].items():
                found.add_metric([subject, one["version"], name], value)
            midnight = datetime.combine(date.fromisoformat(one["as_of"]), time(), UTC)
            as_of.add_metric([subject], midnight.timestamp())
        yield found
        yield as_of
