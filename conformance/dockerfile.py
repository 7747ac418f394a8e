"""Follows a Dockerfile without docker: its COPY and RUN lines, below a folder that stands for the root.

Only what our own Dockerfile uses. Absolute paths below /opt, /build and /airbyte are moved into the folder; `python` is
the one that runs us. Stages share the folder, as ours keep the same paths in both.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

MOVED = ("/opt/", "/build", "/airbyte/")


@dataclass
class Image:
    """What a Dockerfile leads to."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = "0"
    entrypoint: tuple[str, ...] = ()

    def below(self, text: str) -> str:
        """The text with the image's paths as they are here."""
        for path in MOVED:
            text = re.sub(rf"(?<![\w.]){path}", f"{self.root}{path}", text)
        return text


def follow(dockerfile: Path, root: Path) -> Image:
    """Does what the lines say. Raises CalledProcessError where a RUN fails, ValueError for a word it does not know."""
    image, context = Image(root), dockerfile.parent
    for line in _lines(dockerfile.read_text()):
        word, _, rest = line.partition(" ")
        match word:
            case "FROM":
                image.environment = {}
            case "LABEL":
                pass
            case "ENV":
                name, _, value = rest.partition("=")
                image.environment[name] = value.strip('"')
            case "WORKDIR":
                image.folder = rest
                Path(image.below(rest)).mkdir(parents=True, exist_ok=True)
            case "COPY":
                _copy(image, context, rest.split())
            case "RUN":
                _run(image, rest)
            case "USER":
                image.user = rest
            case "ENTRYPOINT":
                image.entrypoint = tuple(image.below(part) for part in json.loads(rest))
            case _:
                raise ValueError(f"no rule for {line!r}")
    return image


def _lines(text: str) -> list[str]:
    joined = text.replace("\\\n", " ")
    return [line.strip() for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def _copy(image: Image, context: Path, words: list[str]) -> None:
    if words[0].startswith("--from="):
        assert words[1] == words[2], "stages share the folder here: the path must stay the same"
        return
    *sources, target = words
    into = Path(image.below(image.folder)) / target
    for source in sources:
        whole = context / source
        if whole.is_dir():
            shutil.copytree(whole, into, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            into.mkdir(exist_ok=True)
            shutil.copy(whole, into)


def _run(image: Image, command: str) -> None:
    words = re.sub(r"^python ", f"{sys.executable} ", image.below(command))
    environment = _outer() | image.environment
    subprocess.run(["sh", "-ec", words], cwd=image.below(image.folder), env=environment, check=True)


def _outer() -> dict[str, str]:
    """Of the machine only what pip needs to find its index."""
    return {name: value for name, value in os.environ.items() if name in {"PATH", "HOME"} or name.startswith("PIP_")}
