"""Size of a bare install: megabytes and distributions of `pip install facebook-marketing`, no extras.

.venv/bin/python benchmarks/install_size.py
"""

import re
import subprocess
import sys
import tempfile
from importlib.metadata import distributions
from pathlib import Path

from table import show

CHECKOUT = Path(__file__).resolve().parent.parent
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", "-q")


def install(folder: Path) -> Path:
    """Build the wheel, install it with base dependencies at their pins into a new environment, return its `bin`."""
    _run(*PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(CHECKOUT))
    (wheel,) = folder.glob("facebook_marketing-*.whl")
    pins = folder / "pins.txt"
    pins.write_text(
        "\n".join(re.findall(r"^[\w.-]+==[^\s;]+", (CHECKOUT / "constraints.txt").read_text(), re.MULTILINE))
    )
    # No pip in there: what is counted is what the package brings.
    _run(sys.executable, "-m", "venv", "--without-pip", str(folder / "venv"))
    _run(*PIP, "--python", str(folder / "venv/bin/python"), "install", "--constraint", str(pins), str(wheel))
    return folder / "venv" / "bin"


def measure(room: Path) -> tuple[int, float]:
    """Distributions and megabytes (10^6 bytes) of an environment, given its `bin`."""
    (site,) = (room.parent / "lib").glob("python*/site-packages")
    size = sum(file.stat().st_size for file in site.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    return sum(1 for _ in distributions(path=[str(site)])), size / 1e6


def _run(*command: str) -> None:
    subprocess.run(command, check=True)


def main() -> None:
    """Install, measure, print."""
    with tempfile.TemporaryDirectory() as name:
        count, megabytes = measure(install(Path(name)))
    show(
        "benchmarks/install_size.py",
        ("bare install", "measured", "limit"),
        (("distributions, our own included", str(count), "≤ 16"), ("size, MB", f"{megabytes:.1f}", "≤ 25")),
    )


if __name__ == "__main__":
    main()
