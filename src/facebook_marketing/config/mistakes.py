"""What is wrong with a config, in words that show the way on and never show a secret."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

HIDDEN: Final = "(hidden)"
NOTHING: Final = object()
MISSING: Final = "nothing"
"""`Mistake.found` where there is no value at all."""
"""Stands for a value that is not there."""

_SECRET_NAME: Final = re.compile(r"token|secret|password|credentials|client_id", re.IGNORECASE)
# User, page and system-user tokens begin with EAA; app tokens are `<app id>|<secret>`.
_TOKEN_LOOK: Final = re.compile(r"EAA[A-Za-z0-9]{12,}|[0-9]{5,}\|[A-Za-z0-9_-]{16,}")
_SHORTEST_SECRET: Final = 4
_LONGEST_SHOWN: Final = 80


@dataclass(frozen=True, slots=True)
class Mistake:
    """One wrong setting: where it stands, what was found there (secrets hidden), and what may stand there."""

    path: str
    found: str
    allowed: str

    def __str__(self) -> str:
        """One line."""
        return f"{self.path}: found {self.found}; allowed: {self.allowed}."


class ConfigError(Exception):
    """The config cannot be used. Holds every mistake, not the first one; its text is one line a mistake."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        """Keep the mistakes in the order in which they were found."""
        self.mistakes = tuple(mistakes)
        super().__init__(self.mistakes)

    def __str__(self) -> str:
        """One line a mistake, then the next step."""
        count = "1 setting is" if len(self.mistakes) == 1 else f"{len(self.mistakes)} settings are"
        step = "Next step: correct them, then run `check` again; docs/configuration.md explains every setting."
        return "\n".join([f"The config cannot be used: {count} wrong.", *(f"- {m}" for m in self.mistakes), step])


def mistake(path: str, value: object, allowed: str) -> Mistake:
    """Make a mistake whose `found` describes `value`; what stands under a secret's name is hidden."""
    if value is NOTHING or value is None:
        return Mistake(path, MISSING, allowed)
    hidden = isinstance(value, str) and _SECRET_NAME.search(path.rpartition(".")[2])
    return Mistake(path, HIDDEN if hidden else shown(value), allowed)


def shown(value: object) -> str:
    """Describe a value in a few words: scalars as they are, containers by their size only."""
    match value:
        case Mapping():
            return "an object" if value else "an empty object"
        case list() | tuple() | set() | frozenset():
            return f"a list of {len(value)}" if value else "an empty list"
        case str():
            return f'"{value}"'
        case bool():
            return str(value).lower()
        case _:
            return str(value)


def secrets_of(*sources: Any) -> frozenset[str]:  # noqa: ANN401 - whatever JSON holds
    """Every text that stands under a secret's name, at any depth."""
    found = {text.strip() for source in sources for text in _secret_texts(source, secret=False)}
    return frozenset(text for text in found if len(text) >= _SHORTEST_SECRET)


def _secret_texts(value: Any, *, secret: bool) -> Iterator[str]:  # noqa: ANN401 - whatever JSON holds
    match value:
        case str() if secret:
            yield value
        case Mapping():
            for name, inner in value.items():
                yield from _secret_texts(inner, secret=bool(_holds_secret(name)))
        case list() | tuple():
            for inner in value:
                yield from _secret_texts(inner, secret=secret)
        case _:
            return


def _holds_secret(name: object) -> bool:
    # An app's id is no secret of its own, and short digits would blot out other numbers.
    return bool(_SECRET_NAME.search(str(name))) and not str(name).lower().endswith("client_id")


def masked(text: str, secrets: Iterable[str]) -> str:
    """`text` without any of the secrets and without anything that looks like a token."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return _TOKEN_LOOK.sub(HIDDEN, text)


def cleaned(mistakes: Iterable[Mistake], secrets: Iterable[str]) -> tuple[Mistake, ...]:
    """Mistakes masked, shortened and without repetitions; masking goes first, so that no cut leaves half a secret."""
    known = tuple(secrets)
    rows = (
        replace(
            row,
            path=masked(row.path, known),
            found=_short(masked(row.found, known)),
            allowed=masked(row.allowed, known),
        )
        for row in mistakes
    )
    return tuple(dict.fromkeys(rows))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_SHOWN else f"{line[:_LONGEST_SHOWN]}…"
