"""What pytest leaves alone when it looks for examples to run, and how files share two workers."""

from collections import Counter
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

# MLflow runs these files; nothing imports them.
collect_ignore_glob = ["src/pipeline/*/packaged.py"]

#: Begun last, these would keep one worker busy long after the other is done.
LONGEST = (
    "test_killed_runs.py",
    "test_tune.py",
    "test_run_command.py",
    "test_against_reference.py",
)
#: The files of such a folder share a trained project, which each worker would train for itself.
TOGETHER = ("tests/pipeline/pairs/", "tests/pipeline/lift/")


class Together(LoadFileScheduling):
    """Hands out whole files, and those that share a project to one worker."""

    def _split_scope(self, nodeid: str) -> str:
        found = [folder for folder in TOGETHER if nodeid.startswith(folder)]
        return found[0] if found else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    """Hand out tests in the order in which they are collected."""
    config.option.loadscopereorder = False
    return Together(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first, then those with the most tests."""
    counts = Counter(item.path for item in items)

    def place(item: pytest.Item) -> tuple[int, int, str]:
        name = item.path.name
        longest = LONGEST.index(name) if name in LONGEST else len(LONGEST)
        return longest, -counts[item.path], str(item.path)

    items.sort(key=place)
