"""The lines of docs/client.md do what the page says."""

import re
from pathlib import Path

import pytest
from scored import go_live, many
from service import running

import shortlist.client

PAGE = (Path(__file__).parents[3] / "docs" / "client.md").read_text(encoding="utf-8")


def test_every_line_of_the_page_works(tmp_path, monkeypatch, capsys):
    go_live(tmp_path / "artifacts", many(2000))
    monkeypatch.chdir(tmp_path)
    with running(tmp_path / "artifacts") as service:
        monkeypatch.setenv("SHORTLIST_URL", service.address)
        monkeypatch.setenv("SHORTLIST_KEY", service.key("admin"))
        exec("\n".join(re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)), {})  # noqa: S102
    said = capsys.readouterr().out
    assert "1000 members\n" in said
    assert "1000 rows; {}" in said
    assert "customer_activity 1000 scores" in said
    assert "1000 contacts, 0 rejected" in said
    assert "422 invalid-request #/size " in said
    assert "there is no list of this id" in said
    assert len((tmp_path / "members.csv").read_text().splitlines()) == 1001


@pytest.mark.parametrize("name", [one for one in shortlist.client.__all__ if one != "Client"])
def test_every_error_is_on_the_page(name):
    assert f"`{name}`" in PAGE or name == "ServiceError"
