"""What the first requests would otherwise wait for, done while nobody asks yet."""

import gc
import logging
from datetime import timedelta
from zoneinfo import ZoneInfo

from pipeline.fresh import NotFreshError, load_fresh
from pipeline.project import find_model, open_project
from serving.resources import Resources

_LOG = logging.getLogger(__name__)


def warm(shared: Resources) -> None:
    """Load what fresh scores of the live models need, and keep the collector from all of it.

    Python's collector stops every thread while it looks through everything that lives: with
    the libraries that stay loaded anyway that is 300,000 objects and 200 ms, every two seconds
    under load. What is loaded here lives as long as the process, so it is never looked at again.
    """
    try:
        _load(shared)
    except Exception as error:  # noqa: BLE001 - whoever asks for a fresh score is told
        _LOG.info("fresh scores are not loaded ahead: %s", type(error).__name__, exc_info=error)
    gc.collect()
    gc.freeze()


def _load(shared: Resources) -> None:
    live = shared.live.view().score_sets.values()
    if not live:
        return
    project = open_project(shared.artifacts.absolute().parent)
    today = shared.now().astimezone(ZoneInfo(project.params.time_zone)).date()
    for one in live:
        try:
            load_fresh(project, find_model(one.model), one.version, as_of=today + timedelta(days=1))
        except NotFreshError:
            continue
