"""A service with a live release, for the tests of one file."""

import pytest
from scored import go_live, many
from service import running


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A service that answers from 3,000 scored customers of 3,600 known."""
    artifacts = tmp_path_factory.mktemp("artifacts")
    go_live(artifacts, many(3000), base=3600)
    with running(artifacts) as started:
        yield started


@pytest.fixture(scope="module")
def client(service):
    """A client that may build and read lists, and see whom they name."""
    with service.with_key("lists:read", "lists:write", "members:pii") as made:
        yield made
