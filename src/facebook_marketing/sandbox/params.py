"""Parameters of a call: query and body, flat, JSON in a value, comma-joined, or in PHP's bracket style.

Meta takes a list as JSON or comma-joined, an object as JSON or as ``time_range[since]=…``, and ignores unknown names.
"""

import re
from collections.abc import Iterable, Mapping
from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import parse_qsl

import msgspec

from .errors import GraphError

__all__ = ["SECRET", "Params", "from_body", "from_query"]

SECRET = frozenset({"access_token", "appsecret_proof", "client_secret", "input_token", "fb_exchange_token"})
"""Names whose values never enter the call log."""

_BRACKET = re.compile(r"\[([^\]]*)\]")
_YES = frozenset({"1", "true", "yes"})


class Params:
    """Parameters by name. Values are text, or nested lists and mappings where they came nested."""

    __slots__ = ("pairs", "values")

    def __init__(self, pairs: Iterable[tuple[str, object]] = ()) -> None:
        """Keep the pairs in order; a later pair of the same name wins."""
        self.pairs = tuple(pairs)
        self.values = _assemble(self.pairs)

    def __contains__(self, name: str) -> bool:
        """Tell whether the parameter was sent with a value."""
        return self.values.get(name, "") not in ("", None)

    def plus(self, other: "Params") -> "Params":
        """Return these parameters with the other's after them."""
        return Params(self.pairs + other.pairs)

    def public(self) -> dict[str, object]:
        """Return everything but secrets."""
        return {name: value for name, value in self.values.items() if name not in SECRET}

    def text(self, name: str, default: str = "") -> str:
        """Return a plain value, or ``default``."""
        value = self.values.get(name)
        if value is None or value == "":
            return default
        return value if isinstance(value, str) else msgspec.json.encode(value).decode()

    def whole(self, name: str, default: int) -> int:
        """Return an integer, or ``default`` where the value is not one."""
        try:
            return int(self.text(name, str(default)))
        except ValueError:
            return default

    def flag(self, name: str) -> bool:
        """Return a boolean; anything but 1, true or yes is false."""
        return self.text(name).lower() in _YES

    def strings(self, name: str) -> tuple[str, ...]:
        """Return a list of words, sent as JSON, comma-joined or bracketed."""
        value = self.loaded(name)
        if value is None:
            return ()
        if isinstance(value, list | tuple):
            return tuple(item if isinstance(item, str) else _word(item) for item in value)
        return tuple(word for part in str(value).split(",") if (word := part.strip()))

    def mapping(self, name: str) -> Mapping[str, object] | None:
        """Return an object; None when absent; refuse anything else."""
        value = self.loaded(name)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            message = f"(#100) Param {name} must be an array."
            raise GraphError(message, 100)
        return value

    def mappings(self, name: str) -> tuple[Mapping[str, object], ...]:
        """Return a list of objects (one object alone counts as a list of one); refuse anything else."""
        value = self.loaded(name)
        if value is None:
            return ()
        items = [value] if isinstance(value, Mapping) else value
        if not isinstance(items, list | tuple) or not all(isinstance(item, Mapping) for item in items):
            message = f"(#100) Param {name} must be an array."
            raise GraphError(message, 100)
        return tuple(items)

    def loaded(self, name: str) -> object:
        """Return the value with JSON text opened; text that is not JSON stays text; None when absent."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str) or value[0] not in "[{":
            return value
        for text in (value, value.replace("'", '"')):  # Meta takes single quotes too
            try:
                return msgspec.json.decode(text)
            except msgspec.DecodeError:
                continue
        return value


def from_query(query: str) -> Params:
    """Read a query string."""
    return Params(parse_qsl(query, keep_blank_values=True))


def from_body(body: bytes, content_type: str) -> Params:
    """Read a form (urlencoded or multipart) or a JSON object."""
    if not body:
        return Params()
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json":
        return _from_json(body)
    if kind == "multipart/form-data":
        return _from_multipart(body, content_type)
    return Params(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))


def _from_json(body: bytes) -> Params:
    try:
        loaded = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return Params()
    if not isinstance(loaded, dict):
        return Params()
    kept = {str(name): value if isinstance(value, list | dict) else _word(value) for name, value in loaded.items()}
    return Params(kept.items())


def _from_multipart(body: bytes, content_type: str) -> Params:
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    pairs: list[tuple[str, object]] = []
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            pairs.append((name, content.decode(errors="replace")))
    return Params(pairs)


def _word(value: object) -> str:
    if value is True or value is False:
        return "true" if value else "false"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _assemble(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    """Fold ``name[key][key]=value`` pairs into mappings, and mappings with keys 0, 1, … into lists."""
    flat: dict[str, object] = {}
    nested: dict[str, dict[str, object]] = {}
    for name, value in pairs:
        stem, bracket, _ = name.partition("[")
        keys = _BRACKET.findall(name) if bracket and stem else []
        if keys:
            _plant(nested.setdefault(stem, {}), keys, value)
        else:
            flat[name] = value
    return flat | {name: _listed(tree) for name, tree in nested.items()}


def _plant(tree: dict[str, object], keys: list[str], value: object) -> None:
    for key in keys[:-1]:
        inner = tree.setdefault(key or str(len(tree)), {})
        if not isinstance(inner, dict):
            return
        tree = inner
    tree[keys[-1] or str(len(tree))] = value


def _listed(tree: object) -> object:
    if not isinstance(tree, dict):
        return tree
    opened = {key: _listed(value) for key, value in tree.items()}
    return list(opened.values()) if all(key.isdigit() for key in opened) else opened
