"""The ``fields`` parameter: names, nesting in braces, edge parameters by dot, aliases.

``id,adset{name,campaign{name}},ads.limit(5).as(first_ads){id}`` reads as a tuple of `Field`. A syntax error is code
2500 with the position (from 0) and the whole text, as Meta answers.
"""

from dataclasses import dataclass, field
from functools import lru_cache

from .errors import GraphError
from .params import Params

__all__ = ["Field", "parse_fields"]

_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-:$")


@dataclass(frozen=True, slots=True)
class Field:
    """One asked name with its edge parameters, its alias and the names inside its braces (empty: none given)."""

    name: str
    params: Params = field(default_factory=Params)
    alias: str | None = None
    children: tuple["Field", ...] = ()

    @property
    def key(self) -> str:
        """The key that the reply uses."""
        return self.alias or self.name


@lru_cache(maxsize=512)
def parse_fields(text: str) -> tuple[Field, ...]:
    """Parse the whole parameter; an empty text asks for nothing. Raises 2500 on a syntax error."""
    if not text.strip():
        return ()
    reader = _Reader(text)
    fields = reader.fields()
    if not reader.ended():
        raise reader.error(f'Expected end of string instead of "{reader.peek()}".')
    return fields


class _Reader:
    """A cursor over the text; one method per rule of the grammar."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def ended(self) -> bool:
        self._skip_space()
        return self.at >= len(self.text)

    def peek(self) -> str:
        return self.text[self.at] if self.at < len(self.text) else ""

    def error(self, what: str) -> GraphError:
        return GraphError(f'Syntax error "{what}" at character {self.at}: {self.text}', 2500)

    def fields(self) -> tuple[Field, ...]:
        found = [self._field()]
        while self._take(","):
            found.append(self._field())
        return tuple(found)

    def _field(self) -> Field:
        name = self._name()
        pairs: list[tuple[str, object]] = []
        while self._take("."):
            pairs.append((self._name(), self._argument()))
        alias = next((str(value) for key, value in pairs if key == "as"), None)
        children: tuple[Field, ...] = ()
        if self._take("{"):
            children = self.fields()
            self._expect("}")
        return Field(name, Params(pair for pair in pairs if pair[0] != "as"), alias, children)

    def _name(self) -> str:
        self._skip_space()
        start = self.at
        while self.peek() in _NAME and self.peek():
            self.at += 1
        if start == self.at:
            raise self.error("Expected name.")
        return self.text[start : self.at]

    def _argument(self) -> str:
        """Read ``(…)`` with balanced brackets; a quoted JSON text inside may hold any of them."""
        self._expect("(")
        start, depth, quoted = self.at, 1, False
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == '"' and self.text[self.at - 1] != "\\":
                quoted = not quoted
            elif not quoted:
                depth += (char == "(") - (char == ")")
            self.at += 1
            if depth == 0:
                return self.text[start : self.at - 1].strip()
        raise self.error('Expected ")".')

    def _take(self, char: str) -> bool:
        self._skip_space()
        if self.peek() != char:
            return False
        self.at += 1
        return True

    def _expect(self, char: str) -> None:
        if not self._take(char):
            found = f'"{self.peek()}"' if self.peek() else "end of string"
            raise self.error(f'Expected "{char}" instead of {found}.')

    def _skip_space(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
