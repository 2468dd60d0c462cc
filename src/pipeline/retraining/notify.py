"""Tell a command or an address how a run ended; a deaf ear never changes what was done."""

import subprocess
from collections.abc import Sequence
from urllib.error import URLError
from urllib.request import Request, urlopen

#: How long somebody has to take it in, in seconds.
PATIENCE_S = 60


def notify(document: str, *, command: Sequence[str] = (), webhook: str = "") -> list[str]:
    """Hand on a run record; return what went wrong, for a person to read.

    Parameters
    ----------
    document : str
        The record, as JSON.
    command : sequence of str
        A program and its arguments; it reads the record from its standard input.
    webhook : str
        An `http` or `https` address to which the record is posted.
    """
    problems = []
    if command and (problem := _command(command, document)):
        problems.append(problem)
    if webhook and (problem := _post(webhook, document)):
        problems.append(problem)
    return problems


def _command(command: Sequence[str], document: str) -> str:
    try:
        ended = subprocess.run(  # noqa: S603 - the project's own params.yaml names it
            list(command), input=document, text=True, capture_output=True, check=False,
            timeout=PATIENCE_S,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"retrain.notify: {command[0]}: {error}"
    if ended.returncode:
        return f"retrain.notify: {command[0]} ended with {ended.returncode}: {ended.stderr.strip()}"
    return ""


def _post(address: str, document: str) -> str:
    if not address.startswith(("http://", "https://")):
        return f"retrain.webhook: {address} is no http address"
    request = Request(  # noqa: S310 - only http and https, see above
        address,
        data=document.encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    try:
        with urlopen(request, timeout=PATIENCE_S):  # noqa: S310 - as above
            return ""
    except (URLError, OSError) as error:
        return f"retrain.webhook: {address}: {error}"
