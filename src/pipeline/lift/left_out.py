"""Whether a model has to be left out, because the data do not hold what it is about."""

from pathlib import Path

from pipeline.train import trained_folder

#: Written in place of what was learned.
LEFT_OUT = "left_out.json"


def is_left_out(artifacts: Path, model: str) -> bool:
    """Tell whether the newest training of a model found nothing to learn from."""
    return (trained_folder(artifacts, model) / LEFT_OUT).exists()
