"""`shortlist serve`: answer over HTTP."""

import socket
from typing import Annotated

import typer

from shortlist.verb import context_of


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
) -> None:
    """Answer over HTTP until interrupted: lists, their members, health, metrics.

    Example: `shortlist serve --port 8080`
    """
    import uvicorn

    from campaigns.keys import list_keys
    from campaigns.state.database import open_state
    from serving.app import create_app
    from serving.patience import PatientProtocol
    from shortlist.operations import serving_settings

    settings = serving_settings(ctx)
    # Opened here as well, so that a database that cannot be used is told in one line.
    state = open_state(settings.artifacts, settings.state_url)
    first = not list_keys(state)
    state.dispose()

    with _listening(host, port) as listener:
        say = context_of(ctx).console.print
        address = f"http://{host}:{listener.getsockname()[1]}"
        say(f"Listening on {address}; documentation on {address}/docs", soft_wrap=True)
        if first:
            say("There is no key yet. Make one with: shortlist keys create", soft_wrap=True)
        config = uvicorn.Config(
            create_app(settings),
            http=PatientProtocol,
            log_level="warning",
            server_header=False,
            # Requests under way may finish; then the process ends, whatever they do.
            timeout_graceful_shutdown=20,
        )
        uvicorn.Server(config).run(sockets=[listener])


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
