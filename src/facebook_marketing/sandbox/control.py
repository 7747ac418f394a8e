"""Control of a running sandbox under ``/__sandbox__/``: counters, clock, faults, truth. For tests and demos only."""

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from .faults import read
from .wire import Answer

if TYPE_CHECKING:
    from .graph import Sandbox

__all__ = ["Control"]

_UNKNOWN = Answer({"error": "unknown control; there are stats, log, truth/<id>[/<edge>], clock and faults"}, 404)


class Control:
    """The endpoints ``stats``, ``clock``, ``faults``, ``log`` and ``truth``."""

    def __init__(self, sandbox: "Sandbox") -> None:
        """Take the sandbox to steer."""
        self._sandbox = sandbox

    def answer(self, method: str, path: tuple[str, ...], body: bytes) -> Answer:
        """Answer a control request; 404 for an unknown one, 400 for a body that cannot be read."""
        try:
            return self._post(path, body) if method == "POST" else self._get(path)
        except (msgspec.DecodeError, ValueError, TypeError) as error:
            return Answer({"error": f"{error}; see the sandbox's documentation of {'/'.join(path)}"}, 400)

    def _post(self, path: tuple[str, ...], body: bytes) -> Answer:
        if path == ("clock",):
            return Answer(self._clock(body))
        if path == ("faults",):
            self._sandbox.faults.replace(read(body))
            return Answer({"faults": len(self._sandbox.faults.plan)})
        return _UNKNOWN

    def _get(self, path: tuple[str, ...]) -> Answer:
        if path == ("stats",):
            return Answer(self._stats())
        if path == ("log",):
            return Answer([msgspec.to_builtins(call) for call in self._sandbox.log])
        return self._truth(path[1:]) if path[:1] == ("truth",) else _UNKNOWN

    def _stats(self) -> dict[str, object]:
        log = self._sandbox.log
        return {
            "requests": self._sandbox.requests,
            "calls": len(log),
            "by_edge": Counter(f"{call.method} {call.edge}" for call in log),
            "by_account": Counter(call.account or "" for call in log),
            "errors": Counter(str(call.code) for call in log if call.code is not None),
            "faults": self._sandbox.faults.struck,
            "now": self._sandbox.now(),
        }

    def _clock(self, body: bytes) -> dict[str, float]:
        wish = msgspec.json.decode(body, type=dict[str, float])
        if "now" in wish:
            self._sandbox.set_clock(wish["now"])
        self._sandbox.advance(wish.get("advance", 0.0))
        return {"now": self._sandbox.now()}

    def _truth(self, path: tuple[str, ...]) -> Answer:
        world = self._sandbox.world
        node = world.node(path[0]) if path else None
        if node is None:
            return Answer({"accounts": list(world.accounts)}, 200 if not path else 404)
        return Answer(node.row if len(path) == 1 else list(world.edge(node, path[1]) or ()))
