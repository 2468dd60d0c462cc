"""Models that only this run asks for: `--set models.NAME.seed=1` names one for the time being.

DVC knows the models of `params.yaml`, which no program rewrites. A model that stands above
it is trained and evaluated here, by the same functions, and not again while its inputs are
the same.
"""

import json
from pathlib import Path

import yaml

from pipeline.durable import write_json
from pipeline.evaluate import evaluate
from pipeline.evaluation import evaluation_path
from pipeline.fingerprint import digest, file_digest
from pipeline.project import Project, trained_folder
from pipeline.train import train


def train_overridden(project: Project) -> list[str]:
    """Train and evaluate what `params.yaml` does not list; return the names."""
    listed = yaml.safe_load((project.folder / "params.yaml").read_text(encoding="utf-8"))["models"]
    names = [name for name in project.params.models if name not in (listed or {})]
    for name in names:
        stamp = project.artifacts / "trained" / f".{name}.json"
        inputs = _inputs(project, name)
        if _read(stamp) == inputs and _is_done(project.artifacts, name):
            continue
        stamp.unlink(missing_ok=True)
        train(project, name)
        evaluate(project, name)
        write_json(stamp, {"inputs": inputs})
    return names


def _inputs(project: Project, name: str) -> str:
    """Return a digest of everything that a training depends on."""
    manifests = sorted((project.artifacts / "snapshots").rglob("manifest.json"))
    labels = sorted((project.artifacts / "labels" / name).rglob("manifest.json"))
    return digest(
        project.run.code,
        project.run.fingerprint,
        project.params.model_dump(mode="json"),
        json.loads((project.artifacts / "cutoffs.json").read_text(encoding="utf-8"))[name],
        [file_digest(path) for path in (*manifests, *labels)],
    )


def _read(stamp: Path) -> str | None:
    if not stamp.exists():
        return None
    found: str = json.loads(stamp.read_text(encoding="utf-8"))["inputs"]
    return found


def _is_done(artifacts: Path, name: str) -> bool:
    return (
        trained_folder(artifacts, name).exists()
        and evaluation_path(artifacts, name).parent.exists()
    )
