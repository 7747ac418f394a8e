"""One form for every benchmark: a Markdown table under the command that made it."""

from collections.abc import Iterable, Sequence


def show(script: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print the table; `script` is the path from the checkout's root, with its options."""
    print(f"\n`.venv/bin/python {script}`\n")
    print("| " + " | ".join(head) + " |")
    print("|---" + "|--:" * (len(head) - 1) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)
