"""A small project with something live, made of real parts in a second."""

from scored import MODEL, go_live

from pipeline.durable import write_json
from pipeline.fingerprint import folder_digest
from pipeline.versions import Version


def versioned(artifacts, number="1"):
    """Register a version of a learner that is one file."""
    folder = artifacts / "versions" / MODEL / number
    (folder / "learner").mkdir(parents=True)
    (folder / "learner" / "trees.txt").write_text(f"the trees of version {number}")
    digest = folder_digest(folder / "learner")
    write_json(folder / "training.json", {"learner": digest, "features": []})
    version = Version(
        model=MODEL, number=number, training=number, definition="same", run_id=f"run-{number}"
    )
    write_json(folder / "version.json", version.model_dump())


def live_project(folder, *versions, scores=None):
    """Make a project in which each version was released in turn, the last one now live."""
    (folder / "params.yaml").write_text("time_zone: UTC\ncurrency: EUR\nmodels: {}\n")
    for number in versions or ("1",):
        versioned(folder / "artifacts", number)
        go_live(folder / "artifacts", scores or {"ann": 0.9, "bob": 0.1}, version=number)
    return folder
