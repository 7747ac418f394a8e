"""Documents cannot drift: what they name exists, and what exists is named."""

import ast
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent
PAGES = sorted([CHECKOUT / "README.md", CHECKOUT / "CHANGELOG.md", *(CHECKOUT / "docs").glob("*.md")])
TARGETS = ("setup", "demo", "test", "conformance", "lint", "bench")


def _blocks(language: str) -> list[tuple[str, str]]:
    return [
        (page.name, block)
        for page in PAGES
        for block in re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
    ]


def _words() -> str:
    return "\n".join(page.read_text() for page in PAGES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert missing == []


def test_every_python_example_is_python() -> None:
    for _, block in _blocks("python"):
        ast.parse(block)


def test_every_json_example_is_json() -> None:
    blocks = _blocks("json")
    assert blocks
    for page, block in blocks:
        assert json.loads(block), page


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_has_a_script_and_stands_in_the_readme(target: str) -> None:
    assert f" {target}" in (CHECKOUT / "Makefile").read_text()
    assert (CHECKOUT / "scripts" / target).is_file()
    assert f"make {target}" in (CHECKOUT / "README.md").read_text()


def test_every_make_command_in_the_documents_is_a_target() -> None:
    assert set(re.findall(r"`make (\w+)`", _words())) <= set(TARGETS)


def test_every_command_is_documented_and_every_documented_command_exists() -> None:
    help_text = _help()
    commands = set(re.findall(r"^ {4}([a-z][a-z-]+)(?: {2}|$)", help_text, re.MULTILINE))
    assert {"demo", "sync"} <= commands, help_text
    assert set(re.findall(r"(?:^|`)(?:source-)?facebook-marketing ([a-z]+)", _words(), re.MULTILINE)) == commands


def test_every_option_of_a_documented_command_line_exists() -> None:
    lines = re.findall(r"(?:^|`)facebook-marketing ([a-z]+)([^`\n]*)", _words(), re.MULTILINE)
    wrong = [
        (command, option)
        for command, rest in lines
        for option in re.findall(r"--[a-z-]+", rest)
        if option not in _help(command)
    ]
    assert wrong == []


def test_every_exit_code_stands_in_the_readme() -> None:
    promised = re.search(r"Exit codes: (.*?)\.", " ".join(_help("sync").split()))
    assert promised is not None
    assert promised[1] in (CHECKOUT / "README.md").read_text()


def test_every_benchmark_of_the_bench_script_exists() -> None:
    loop = re.search(r"for name in (.*); do", (CHECKOUT / "scripts" / "bench").read_text())
    assert loop is not None
    assert [name for name in loop[1].split() if not (CHECKOUT / "benchmarks" / f"{name}.py").is_file()] == []


def test_the_changelog_has_a_place_for_the_next_change() -> None:
    assert "## [Unreleased]" in (CHECKOUT / "CHANGELOG.md").read_text()


@cache
def _help(*arguments: str) -> str:
    program = "import sys; from facebook_marketing.faces.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", program, *arguments, "--help"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
