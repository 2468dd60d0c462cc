"""What the pages of docs/ show is there: pages, links, modules, verbs, options, Python."""

import ast
import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest
import typer
import yaml

from shortlist.cli import app

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))

every_page = pytest.mark.parametrize(
    "page", PAGES, ids=lambda page: str(page.relative_to(DOCS).with_suffix(""))
)


def blocks(page, language):
    found = re.findall(
        rf"^( *)```{language}\n(.*?)^\1```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    return [re.sub(rf"^{indent}", "", body, flags=re.MULTILINE) for indent, body in found]


def in_nav(entry):
    if isinstance(entry, str):
        return [entry]
    values = entry.values() if isinstance(entry, dict) else entry
    return [page for one in values for page in in_nav(one)]


def test_every_page_is_found_from_the_menu():
    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))["nav"]
    named = {DOCS / one for one in in_nav(nav)}
    records = {page for page in PAGES if page.parent.name == "decisions"} - named
    assert not named - set(PAGES), "mkdocs.yml names pages that are not there"
    assert not set(PAGES) - records - named, "name these pages under nav: in mkdocs.yml"
    index = (DOCS / "decisions" / "index.md").read_text("utf-8")
    assert all(f"({page.name})" in index for page in records)


@every_page
def test_a_link_leads_to_a_file(page):
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if not link.startswith(("http://", "https://", "#")):
            assert (page.parent / link.split("#")[0]).exists(), link


def anchors(page):
    """Return what the headings of a page are called in links, as Python-Markdown names them."""
    from markdown.extensions.toc import slugify

    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    titles = re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE)
    plain = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", one).replace("`", "") for one in titles]
    return {slugify(one, "-") for one in plain}


@every_page
def test_a_link_leads_to_a_heading(page):
    pytest.importorskip("markdown", reason="the group docs is not installed")
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+#[^)\s]+)\)", text):
        if not link.startswith("http"):
            name, _, anchor = link.partition("#")
            target = page.parent / name if name else page
            if target.suffix == ".md":
                assert anchor in anchors(target), link


@every_page
def test_a_module_of_the_reference_is_there(page):
    for module in re.findall(r"^::: (\S+)", page.read_text("utf-8"), re.MULTILINE):
        assert find_spec(module), module


@every_page
def test_the_python_of_a_page_is_python(page):
    for block in blocks(page, "python"):
        ast.parse(block)


@every_page
def test_every_verb_and_option_that_a_page_shows_is_there(page):
    for block in blocks(page, "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words and words[0].removeprefix(".venv/bin/") == "shortlist":
                verb, rest = verb_of(words[1:])
                known = {option for one in verb.params for option in one.opts} | {"--help"}
                asked = {word.split("=")[0] for word in rest if word.startswith("--")}
                assert asked <= known | {"--json", "--project"}, line


def verb_of(words):
    """Return the verb that a command line means, and what follows it."""
    command, rest = typer.main.get_command(app), list(words)
    if rest[:1] == ["--project"]:
        del rest[:2]
    while rest and rest[0] in getattr(command, "commands", {}):
        command = command.commands[rest.pop(0)]
    assert not getattr(command, "commands", {}) or "--help" in rest, f"no such verb: {words}"
    return command, rest
