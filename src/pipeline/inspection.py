"""Find what killed processes, full disks and careless hands left behind in a project."""

from collections.abc import Iterator
from json import JSONDecodeError
from pathlib import Path

from pydantic import ValidationError

from pipeline.aliases import CHAMPION, differences, mirror
from pipeline.alone import alone
from pipeline.backup import RESTORED
from pipeline.dvc_state import broken_files, mend
from pipeline.finding import Finding
from pipeline.fingerprint import folder_digest
from pipeline.forget.stores import JOURNAL
from pipeline.garbage import stored_score_sets
from pipeline.leftovers import dead_drafts, spills
from pipeline.release import DamagedReleaseError, Release, read_release
from pipeline.score_set import (
    DamagedScoreSetError,
    UnknownScoreSetError,
    read_score_set,
    verify_score_set,
)
from pipeline.versions import training_of, versions

GC, RESTORE = "shortlist gc", "restore it from a backup"


def inspect(folder: Path, *, used: frozenset[tuple[str, str]] = frozenset()) -> list[Finding]:
    """Return what is not as it should be; nothing is changed.

    Parameters
    ----------
    folder : Path
        The project.
    used : frozenset of (model, score set)
        Score sets that something outside of the release refers to, such as lists.
    """
    artifacts = folder / "artifacts"
    found = [*_interrupted(folder, artifacts), *_of_dvc(folder)]
    try:
        release = read_release(artifacts)
    except DamagedReleaseError:
        broken = Finding("artifacts/release.json", "does not describe a release", RESTORE)
        return [*found, broken]
    return [
        *found,
        *_of_release(artifacts, release),
        *_of_score_sets(artifacts, release.score_sets() | used),
        *_of_versions(artifacts),
        *_of_aliases(artifacts),
    ]


def mend_all(folder: Path) -> list[Finding]:
    """Mend what loses nothing: DVC's own files and MLflow's aliases; return what was wrong.

    Raises
    ------
    BusyError
        If a run is under way.
    """
    artifacts = folder / "artifacts"
    with alone(artifacts):
        wrong = [*_of_dvc(folder), *_of_aliases(artifacts)]
        mend(folder)
        mirror(artifacts)
        left = [*_of_dvc(folder), *_of_aliases(artifacts)]
    return [one for one in wrong if one not in left]


def _interrupted(folder: Path, artifacts: Path) -> Iterator[Finding]:
    for draft in dead_drafts(folder):
        yield Finding(str(draft.relative_to(folder)), "is a draft of a process that was killed", GC)
    for spill in spills(artifacts):
        yield Finding(
            str(spill.relative_to(folder)), "holds rows spilled by a process that was killed", GC
        )

    if (artifacts / JOURNAL).exists():
        yield Finding(
            f"artifacts/{JOURNAL}", "is of an erasure that was cut off", "shortlist forget"
        )
    if (folder / RESTORED).exists():
        yield Finding(RESTORED, "is a restore that was killed", "run shortlist restore again")


def _of_dvc(folder: Path) -> Iterator[Finding]:
    for path, what in broken_files(folder):
        yield Finding(str(path.relative_to(folder)), what, "shortlist doctor --fix, or run")


def _of_release(artifacts: Path, release: Release) -> Iterator[Finding]:
    """Look whether everything is there that the release refers to."""
    for model, live in release.models.items():
        known = {one.number for one in versions(artifacts, model)}
        for entry, state in [
            (live, "live"),
            *((one, "an earlier release") for one in live.previous),
        ]:
            if entry.version not in known:
                yield Finding(model, f"version {entry.version} is {state}, but missing", RESTORE)
            try:
                read_score_set(artifacts, model, entry.score_set)
            except UnknownScoreSetError:
                yield Finding(
                    model, f"score set {entry.score_set} is {state}, but missing", RESTORE
                )
            except DamagedScoreSetError:
                pass  # told of with all other score sets


def _of_score_sets(artifacts: Path, used: frozenset[tuple[str, str]]) -> Iterator[Finding]:
    for model, identity in stored_score_sets(artifacts):
        subject = f"artifacts/scores/{model}/{identity}"
        if (model, identity) not in used:
            yield Finding(subject, "is not live, and no list was built from it", GC)
            continue
        try:
            verify_score_set(artifacts, read_score_set(artifacts, model, identity))
        except (DamagedScoreSetError, UnknownScoreSetError) as error:
            yield Finding(
                subject, f"is damaged ({error.__cause__ or 'its bytes changed'})", RESTORE
            )


def _of_versions(artifacts: Path) -> Iterator[Finding]:
    for folder in sorted((artifacts / "versions").glob("*/[!.]*")):
        model, number = folder.parent.name, folder.name
        try:
            expected = training_of(artifacts, model, number)["learner"]
            whole = folder_digest(folder / "learner") == expected
        except (ValueError, OSError, KeyError, ValidationError, JSONDecodeError):
            whole = False
        if not whole:
            subject = f"artifacts/versions/{model}/{number}"
            yield Finding(subject, "is not what was registered", RESTORE)


def _of_aliases(artifacts: Path) -> Iterator[Finding]:
    for model, live, alias, registered in differences(artifacts):
        if registered:
            says = f"version {alias}" if alias else "no version"
            found = f"version {live} is live, but MLflow calls {says} the {CHAMPION}"
            yield Finding(model, found, "shortlist doctor --fix, or run")
        else:
            found = f"version {live} is live, but MLflow does not know it"
            yield Finding(model, found, "restore artifacts/mlflow.db from a backup")
