"""The Graph API, simulated: for demos, for tests, and to try a configuration without a Meta account."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from .errors import GraphError
from .faults import Fault, Match, Then
from .graph import Sandbox
from .options import Options
from .request import Call
from .tokens import Token
from .wire import SandboxReply
from .world import Size

if TYPE_CHECKING:
    from .server import Running

__all__ = [
    "Call",
    "Fault",
    "GraphError",
    "Match",
    "Options",
    "Sandbox",
    "SandboxReply",
    "Size",
    "Then",
    "Token",
    "serve",
    "start",
]


def serve(
    options: Options | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 8899,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve a sandbox until interrupted; ``ready`` is called with the address once the socket listens."""
    from .server import serve as blocking  # noqa: PLC0415 - the web server loads only when it is used

    blocking(options, host=host, port=port, ready=ready)


def start(options: Options | None = None, port: int = 0, *, sandbox: Sandbox | None = None) -> "Running":
    """Serve a sandbox in the background on the loopback (port 0: any free one)."""
    from .server import start as background  # noqa: PLC0415 - the web server loads only when it is used

    return background(options, port, sandbox=sandbox)
