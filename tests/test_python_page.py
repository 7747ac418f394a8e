"""The Python examples of docs/python.md and docs/running.md, one by one, as it stands there: against a real sandbox."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from executables import ACCOUNT, SMALL, TOKEN, Shell
from facebook_marketing.sandbox import Options, start

CHECKOUT = Path(__file__).parent.parent
PAGES = "".join((CHECKOUT / "docs" / name).read_text() for name in ("python.md", "running.md"))
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGES, re.MULTILINE | re.DOTALL)
SAID = (
    f"campaigns {ACCOUNT} 3",
    "'updated_time': datetime.datetime(",
    "3\n",
    "999 campaigns of account 999: The object does not exist",
    "['ads', 'campaigns']",
    "[(",
    "('meta_ads', ",
    " rows of 2 streams, ",
    "ads ('id',) updated_time",
    "",
)
"""What each example prints, as far as it is the same in every world."""


DRIVER = """
import contextlib, io, json, sys
for example in json.load(open("examples.json")):
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(example, "docs/python.md", "exec"), {"__name__": "example"})
    print(json.dumps(said.getvalue()))
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What each example printed, in a folder that they share; the one with a state ran once more at the end."""
    folder = tmp_path_factory.mktemp("python")
    env = {"FACEBOOK_ACCESS_TOKEN": TOKEN, "FACEBOOK_ACCOUNT_IDS": ACCOUNT, "RUNTIME__DLTHUB_TELEMETRY": "false"}
    dlts = {"HOME": str(folder), "DLT_DATA_DIR": str(folder / "dlt")}
    (again,) = (example for example in EXAMPLES if "state.json" in example)
    with start(Options(size=SMALL, run_seconds=0.1)) as meta:
        shell = Shell(folder, meta.url)
        shell.write("examples.json", [*EXAMPLES, again])
        done = shell.run(sys.executable, "-c", DRIVER, **env, **dlts)
    assert done.code == 0, done.text
    return [json.loads(line) for line in done.out.splitlines()]


def test_every_example_has_something_to_say() -> None:
    assert len(EXAMPLES) == len(SAID)


@pytest.mark.parametrize("place", range(len(EXAMPLES)))
def test_the_example_runs_as_it_stands(place: int, said: list[str]) -> None:
    assert SAID[place] in said[place]


def test_the_second_run_of_the_example_with_a_state_brings_nothing(said: list[str]) -> None:
    assert said[-1] == ""


def test_the_page_is_type_checked(tmp_path: Path) -> None:
    files = [tmp_path / f"example_{place}.py" for place in range(len(EXAMPLES))]
    for file, example in zip(files, EXAMPLES, strict=True):
        file.write_text(example)
    command = [sys.executable, "-m", "mypy", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT, check=False)
    assert done.returncode == 0, done.stdout
