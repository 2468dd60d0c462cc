"""Callers of a running service, one after another's answer, for the length of a block."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx


@contextmanager
def under_load(client: httpx.Client, requests: list[tuple[str, str, Any]]) -> Iterator[Counter]:
    """Send requests in turn, over and over, by two callers; count the answers.

    Yields how often each status came, by request; raises at the end what any caller raised.
    """
    answers: Counter = Counter()
    errors: list[Exception] = []
    done = threading.Event()

    def call() -> None:
        while not done.wait(0.02):
            for method, path, document in requests:
                try:
                    answer = client.request(method, path, json=document)
                except Exception as error:  # noqa: BLE001 - raised below, in the test's own thread
                    errors.append(error)
                    return
                said = "" if answer.status_code == 200 else answer.text
                answers[method, path, answer.status_code, said] += 1

    callers = [threading.Thread(target=call) for _ in range(2)]
    for one in callers:
        one.start()
    try:
        yield answers
    finally:
        done.set()
        for one in callers:
            one.join()
        for error in errors:
            raise error
