"""What the worker does for each kind of job."""

from collections.abc import Callable

from campaigns.assignments import AssignmentSpec, assign
from campaigns.building import build_list
from campaigns.exports import ExportSpec, write_export
from campaigns.jobs import Job
from campaigns.list_spec import ListSpec
from campaigns.target_list import find_list
from pipeline.aliases import follow_aside
from pipeline.project import open_project
from serving.resources import Resources

#: Told what share of a job is done.
Told = Callable[[float], None]


def work(shared: Resources, job: Job, told: Told) -> str:
    """Do a job; return the path of what was made."""
    return _KINDS[job.kind](shared, job, told)


def _list(shared: Resources, job: Job, _told: Told) -> str:
    spec = ListSpec.model_validate(job.request)
    if spec.model is not None:
        shared.live.model(spec.model)
    built = build_list(
        spec,
        shared.live.view().release,
        desk=shared.desk,
        state=shared.state,
        at=shared.now(),
        global_control=shared.global_control,
    )
    return f"/v1/lists/{built.list.id}"


def _export(shared: Resources, job: Job, told: Told) -> str:
    found = find_list(shared.state, job.request["list_id"])
    made = write_export(
        found,
        ExportSpec.model_validate(job.request["spec"]),
        artifacts=shared.artifacts,
        state=shared.state,
        at=shared.now(),
        # Made again by another process, it takes the place of what this one has made.
        identity=job.id.replace("job_", "export_"),
        pseudonyms=shared.names.pseudonyms if job.request.get("pseudonymous", True) else None,
        told=told,
    )
    return f"/v1/lists/{found.id}/exports/{made.id}"


def _assignment(shared: Resources, job: Job, _told: Told) -> str:
    found = find_list(shared.state, job.request["list_id"])
    made = assign(
        found,
        AssignmentSpec.model_validate(job.request["spec"]),
        artifacts=shared.artifacts,
        state=shared.state,
        at=shared.now(),
        identity=job.id.replace("job_", "assignment_"),
    )
    return f"/v1/lists/{found.id}/assignments/{made.id}"


def _promotion(shared: Resources, job: Job, _told: Told) -> str:
    # Imported here: it brings everything that trains.
    from pipeline.publish import promote

    wanted = job.request
    project = open_project(shared.artifacts.absolute().parent)
    promote(project, wanted["model"], wanted["version"], clock=shared.now, reason=wanted["reason"])
    follow_aside(shared.artifacts)
    return f"/v1/models/{wanted['model']}"


_KINDS: dict[str, Callable[[Resources, Job, Told], str]] = {
    "list": _list,
    "export": _export,
    "assignment": _assignment,
    "promotion": _promotion,
}
