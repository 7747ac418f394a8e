"""One call on its way through the sandbox, and the record that stays of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from .params import Params
from .tokens import Token
from .versions import Version
from .world import Node

__all__ = ["Call", "Request", "Target"]


@dataclass(frozen=True, slots=True)
class Request:
    """A call whose version and token were accepted. ``path`` has no version; ``origin`` is scheme and host."""

    method: str
    path: tuple[str, ...]
    params: Params
    origin: str
    version: Version
    token: Token
    token_text: str


@dataclass(frozen=True, slots=True)
class Target:
    """What a call is about: a node or its edge. ``account`` (bare digits) and ``use_case`` are None off the ads API."""

    node: Node
    edge: str = ""
    account: str | None = None
    use_case: str | None = None

    @property
    def label(self) -> str:
        """The edge, or the node's kind for a node read."""
        return self.edge or self.node.kind


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it was served; ``params`` without secrets, ``code`` of the error if there was one.

    ``edge`` is the edge's name, or the node's kind for a node read. A batch is logged entry by entry.
    """

    method: str
    path: str
    edge: str
    params: Mapping[str, object]
    status: int
    code: int | None
    account: str | None
    use_case: str | None
    batch: bool
    version: str | None
