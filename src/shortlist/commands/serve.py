"""`shortlist serve`: answer over HTTP."""

from typing import Annotated

import typer

from shortlist.verb import context_of


def serve(
    ctx: typer.Context,
    *,
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 for all, behind TLS only.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8000,
) -> None:
    """Answer over HTTP until interrupted: lists, their members, health, metrics.

    Example: `shortlist serve --port 8080`
    """
    import uvicorn

    from campaigns.keys import list_keys
    from campaigns.state.database import open_state
    from serving.app import create_app
    from shortlist.operations import serving_settings

    settings = serving_settings(ctx)
    # Opened here as well, so that a database that cannot be used is told in one line.
    state = open_state(settings.artifacts, settings.state_url)
    keys = list_keys(state)
    state.dispose()

    console = context_of(ctx).console
    address = f"http://{host}:{port}"
    console.print(f"Listening on {address}. Documentation: {address}/docs")
    if not keys:
        console.print("There is no key yet. Make one with: shortlist keys create")
    config = uvicorn.Config(
        create_app(settings),
        host=host,
        port=port,
        log_level="warning",
        server_header=False,
        # Requests under way may finish; then the process ends, whatever they do.
        timeout_graceful_shutdown=20,
    )
    uvicorn.Server(config).run()
