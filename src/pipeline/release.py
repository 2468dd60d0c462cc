"""What is live: `artifacts/release.json`, replaced by rename, the only truth."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from pipeline.durable import write_json
from pipeline.lock import exclusive
from pipeline.score_set import read_score_set

#: How many earlier entries are kept for each model.
KEPT = 20


class UnreleasedModelError(ValueError):
    """No version of that model is live."""


class NothingBeforeError(ValueError):
    """There is no earlier entry to step back to."""


class AnotherLiveError(ValueError):
    """What is to be stepped back from is not live."""


class VersionMismatchError(ValueError):
    """The score set was made by another version than the one to be released."""


class DamagedReleaseError(ValueError):
    """`release.json` cannot be read."""


class Entry(BaseModel):
    """A version of a model and the score set that it made.

    Attributes
    ----------
    version, score_set : str
        The registered version, and the id of its score set.
    released_at : datetime
        When this entry became live, in UTC.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    score_set: str
    released_at: AwareDatetime


class Released(Entry):
    """The live entry of a model, with the earlier ones, newest first.

    Attributes
    ----------
    previous : tuple of Entry
        What one may step back to.
    withdrawn_versions, withdrawn_score_sets : dict of str to datetime
        What a person put something else in the place of, and when. It does not go live again
        by itself.
    """

    previous: tuple[Entry, ...] = ()
    withdrawn_versions: dict[str, AwareDatetime] = {}
    withdrawn_score_sets: dict[str, AwareDatetime] = {}

    def has_withdrawn(self, version: str, score_set: str) -> bool:
        """Tell whether a version, or just that score set of it, was withdrawn."""
        return version in self.withdrawn_versions or score_set in self.withdrawn_score_sets


class Release(BaseModel):
    """What is live, by model.

    Attributes
    ----------
    revision : int
        Grows by one with each change; 0 before the first release.
    models : dict
        The live entry of each model.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    revision: int = 0
    models: dict[str, Released] = {}

    def live(self, model: str) -> Released:
        """Return what is live of a model.

        Raises
        ------
        UnreleasedModelError
            If no version of it is.
        """
        try:
            return self.models[model]
        except KeyError:
            known = ", ".join(sorted(self.models)) or "none yet; run `shortlist run`"
            raise UnreleasedModelError(
                f"no version of this model is live. Live models: {known}."
            ) from None

    def shortened(self, keep: int) -> Self:
        """Return the same with only the newest `keep` earlier entries of each model."""
        kept = {
            model: live.model_copy(update={"previous": live.previous[:keep]})
            for model, live in self.models.items()
        }
        return self.model_copy(update={"models": kept})

    def score_sets(self) -> frozenset[tuple[str, str]]:
        """Return model and id of each score set that is live or can be stepped back to."""
        return frozenset(
            (model, entry.score_set)
            for model, live in self.models.items()
            for entry in (live, *live.previous)
        )


def release_path(artifacts: Path) -> Path:
    """Return where the release is written."""
    return artifacts / "release.json"


def read_release(artifacts: Path) -> Release:
    """Return what is live; an empty release if nothing has been released yet.

    Raises
    ------
    DamagedReleaseError
        If the file is there but does not describe a release.
    """
    path = release_path(artifacts)
    try:
        return Release.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return Release()
    except ValidationError as error:
        raise DamagedReleaseError(
            f"{path} does not describe a release. Restore it from a backup, or remove it and "
            "release again with `shortlist release`."
        ) from error


def release(
    artifacts: Path,
    model: str,
    *,
    version: str,
    score_set: str,
    at: AwareDatetime,
    by_hand: bool = False,
) -> Release:
    """Make a version of a model and its score set live.

    What was live becomes the first of the previous entries. Releasing what is live already
    changes nothing. A crash at any point leaves the old release in force.

    What was withdrawn goes live again only by hand, and is then withdrawn no longer;
    otherwise nothing changes. A version that another one replaces by hand is withdrawn.

    Parameters
    ----------
    artifacts : Path
        The folder that holds everything produced.
    model, version, score_set : str
        What becomes live.
    at : datetime
        The time to record, with its zone.
    by_hand : bool
        Whether a person asked for just this.

    Raises
    ------
    UnknownScoreSetError, DamagedScoreSetError
        If the score set cannot be served.
    VersionMismatchError
        If another version made it.
    """
    made_by = read_score_set(artifacts, model, score_set).version
    if made_by != version:
        raise VersionMismatchError(
            f"score set {score_set} was made by version {made_by} of {model}, not by {version}. "
            f"Release version {made_by}, or score with version {version} first."
        )
    with _changing(artifacts):
        now = read_release(artifacts)
        live = now.models.get(model)
        new = Released(version=version, score_set=score_set, released_at=at)
        if live is not None:
            if (live.version, live.score_set) == (version, score_set):
                return now
            if not by_hand and live.has_withdrawn(version, score_set):
                return now
            replaced = {live.version: at} if by_hand else {}
            new = new.model_copy(
                update={
                    "previous": (_entry(live), *live.previous)[:KEPT],
                    "withdrawn_versions": _without(version, live.withdrawn_versions | replaced),
                    "withdrawn_score_sets": _without(score_set, live.withdrawn_score_sets),
                }
            )
        return _write(artifacts, now, model, new)


def step_back(
    artifacts: Path,
    model: str,
    *,
    at: AwareDatetime,
    version: str | None = None,
    leaving: str | None = None,
) -> Release:
    """Make the previous entry of a model live again.

    A second step goes one further back, never forward: whoever runs the command twice in
    a hurry does not put the withdrawn version back. Nor does the next run: what was live is
    withdrawn, the version where another one takes its place, else the score set.

    Parameters
    ----------
    artifacts : Path
        The folder that holds everything produced.
    model : str
        The model to step back.
    at : datetime
        The time to record, with its zone.
    version : str, optional
        Step over all newer entries, to the latest score set of this version; by default
        to the previous entry, whatever changed since.
    leaving : str, optional
        The score set that is to be live until then; whatever is by default.

    Raises
    ------
    UnreleasedModelError
        If no version of the model is live.
    NothingBeforeError
        If there is no such earlier entry.
    AnotherLiveError
        If another score set than `leaving` is live.
    UnknownScoreSetError, DamagedScoreSetError
        If the earlier score set can no longer be served.
    """
    with _changing(artifacts):
        now = read_release(artifacts)
        live = now.live(model)
        if leaving not in (None, live.score_set):
            raise AnotherLiveError(
                f"version {live.version} of {model} is live with score set {live.score_set}. "
                "Name that to step back from it."
            )
        for position, entry in enumerate(live.previous):
            if version in (None, entry.version):
                read_score_set(artifacts, model, entry.score_set)
                left = (live, *live.previous[:position])
                others = {one.version: at for one in left if one.version != entry.version}
                own = {one.score_set: at for one in left if one.version == entry.version}
                again = Released(
                    version=entry.version,
                    score_set=entry.score_set,
                    released_at=at,
                    previous=live.previous[position + 1 :],
                    withdrawn_versions=_without(entry.version, live.withdrawn_versions) | others,
                    withdrawn_score_sets=_without(entry.score_set, live.withdrawn_score_sets) | own,
                )
                return _write(artifacts, now, model, again)
    wanted = "entry" if version is None else f"entry of version {version}"
    raise NothingBeforeError(
        f"{model} has no earlier {wanted} in release.json. Release one with `shortlist release`."
    )


def forget_earlier(artifacts: Path, *, keep: int) -> Release:
    """Drop all but the newest `keep` earlier entries of each model; what is live stays.

    Nothing is written where there is nothing to drop.
    """
    with _changing(artifacts):
        now = read_release(artifacts)
        kept = now.shortened(keep).models
        return now if kept == now.models else _write_all(artifacts, now, kept)


def announce(artifacts: Path) -> Release:
    """Raise the revision and nothing else, so that whoever follows the release reads it anew.

    Nothing is written where nothing was released yet.
    """
    with _changing(artifacts):
        now = read_release(artifacts)
        return _write_all(artifacts, now, now.models) if now.models else now


def _changing(artifacts: Path) -> AbstractContextManager[None]:
    return exclusive(artifacts / ".release.lock")


def _without(name: str, times: dict[str, AwareDatetime]) -> dict[str, AwareDatetime]:
    return {other: at for other, at in times.items() if other != name}


def _entry(live: Released) -> Entry:
    return Entry(version=live.version, score_set=live.score_set, released_at=live.released_at)


def _write(artifacts: Path, now: Release, model: str, live: Released) -> Release:
    return _write_all(artifacts, now, {**now.models, model: live})


def _write_all(artifacts: Path, now: Release, models: dict[str, Released]) -> Release:
    changed = Release(revision=now.revision + 1, models=models)
    write_json(release_path(artifacts), changed.model_dump(mode="json"))
    return changed
