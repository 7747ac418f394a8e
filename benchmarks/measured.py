"""Puts what the benchmarks printed (standard input) into the README, between its two marks.

sh scripts/bench --write
"""

import platform
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"
MARKS = re.compile(r"(<!-- measured -->\n).*?(<!-- /measured -->)", re.DOTALL)


def main() -> None:
    """Replace the section; the machine and the day stand above the tables."""
    head = f"Python {platform.python_version()}, one core for the reader, {datetime.now(UTC):%Y-%m-%d}."
    tables = sys.stdin.read().strip()
    text, found = MARKS.subn(lambda mark: f"{mark[1]}{head}\n\n{tables}\n{mark[2]}", README.read_text())
    if not found:
        raise SystemExit(f"{README.name} has no <!-- measured --> … <!-- /measured --> section: put the marks back")
    README.write_text(text)


if __name__ == "__main__":
    main()
