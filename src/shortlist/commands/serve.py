"""`shortlist serve`: answer over HTTP."""

import os
import socket
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from shortlist.verb import context_of

if TYPE_CHECKING:
    from serving.logs import LogFormat


class AddressTakenError(OSError):
    """Nothing can listen at that address and port."""


def serve(
    ctx: typer.Context,
    *,
    host: Annotated[
        str, typer.Option(help="Address to listen on. Beyond this machine only behind TLS.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 for any free one.")
    ] = 8000,
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="Processes that answer; one that ends is replaced.")
    ] = 1,
    log_format: Annotated[
        str | None,
        typer.Option(help="text, or json: a line for each request. SHORTLIST_LOG_FORMAT as well."),
    ] = None,
) -> None:
    """Answer over HTTP until interrupted: lists, their members, health, metrics.

    Example: `shortlist serve --port 8080 --workers 2`
    """
    from serving.logs import configure_logs
    from serving.workers import serve_alone, serve_together

    if log_format is not None:
        os.environ["SHORTLIST_LOG_FORMAT"] = log_format
    artifacts = context_of(ctx).artifacts
    if workers == 1:
        looked = look_first(artifacts)
    else:
        # In a process of its own, so that the one that stays stays small.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as other:
            looked = other.submit(look_first, artifacts).result()
    configure_logs(looked.log_format)
    with _listening(host, port) as listener:
        say = context_of(ctx).console.print
        address = f"http://{host}:{listener.getsockname()[1]}"
        say(f"Listening on {address}; documentation on {address}/docs", soft_wrap=True)
        if not looked.has_keys:
            say("There is no key yet. Make one with: shortlist keys create", soft_wrap=True)
        if workers > 1:
            serve_together(
                artifacts,
                listener,
                workers=workers,
                log_format=looked.log_format,
                job_patience_s=looked.job_patience_s,
            )
            return

        from serving.app import create_app
        from serving.settings import read_settings

        serve_alone(create_app(read_settings(artifacts), ahead=True), listener)


class Looked(NamedTuple):
    """What has to be known before anything is answered."""

    has_keys: bool
    log_format: "LogFormat"
    job_patience_s: float


def look_first(artifacts: Path) -> Looked:
    """Open what the service needs, so that what cannot be used is told in one line."""
    from campaigns.keys import list_keys
    from campaigns.state.database import open_state
    from serving.settings import read_settings

    settings = read_settings(artifacts)
    state = open_state(settings.artifacts, settings.state_url)
    try:
        return Looked(bool(list_keys(state)), settings.log_format, settings.job_patience_s)
    finally:
        state.dispose()


def _listening(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server(
            (host, port),
            family=socket.AF_INET6 if ":" in host else socket.AF_INET,
            backlog=2048,
        )
    except OSError as error:
        raise AddressTakenError(
            f"cannot listen on {host}, port {port}: {error.strerror}. Choose another with --port."
        ) from error
