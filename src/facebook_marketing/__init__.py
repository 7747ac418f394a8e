"""Reads Meta (Facebook) ads data, completely and exactly.

`read` and `read_async` give Arrow record batches, `dlt_source` a source for any dlt pipeline, `sync` loads a warehouse,
`check` says whether a configuration works, `streams` what can be read: see docs/python.md.
The commands are `facebook-marketing` and `source-facebook-marketing`.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from facebook_marketing.catalog.stream import Stream
    from facebook_marketing.config import Config, ConfigError
    from facebook_marketing.config import load as load_config
    from facebook_marketing.engine.door import Failure, Gap, Outcome
    from facebook_marketing.engine.incomplete import IncompleteError, IncompleteWarning
    from facebook_marketing.faces.api import check, dlt_source, read, read_async, streams, sync
    from facebook_marketing.faces.batches import AsyncReading, Reading
    from facebook_marketing.faces.choices import UsageError
    from facebook_marketing.faces.reading import StoppedError
    from facebook_marketing.faces.sync import Result
    from facebook_marketing.plan.state import StateError
    from facebook_marketing.sinks.destination import WarehouseError

__all__ = [
    "AsyncReading",
    "Config",
    "ConfigError",
    "Failure",
    "Gap",
    "IncompleteError",
    "IncompleteWarning",
    "Outcome",
    "Reading",
    "Result",
    "StateError",
    "StoppedError",
    "Stream",
    "UsageError",
    "WarehouseError",
    "check",
    "dlt_source",
    "load_config",
    "read",
    "read_async",
    "streams",
    "sync",
]

_HOMES = {
    "catalog.stream": ("Stream",),
    "config": ("Config", "ConfigError", "load"),
    "engine.door": ("Failure", "Gap", "Outcome"),
    "faces.api": ("check", "dlt_source", "read", "read_async", "streams", "sync"),
    "engine.incomplete": ("IncompleteError", "IncompleteWarning"),
    "faces.batches": ("AsyncReading", "Reading"),
    "faces.reading": ("StoppedError",),
    "faces.choices": ("UsageError",),
    "faces.sync": ("Result",),
    "plan.state": ("StateError",),
    "sinks.destination": ("WarehouseError",),
}
_NAMES = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    """Loads a public name when it is first used: importing the package costs nothing."""
    if name not in __all__:
        message = f"module 'facebook_marketing' has no attribute {name!r}"
        raise AttributeError(message)
    own = "load" if name == "load_config" else name
    return getattr(import_module(f"facebook_marketing.{_NAMES[own]}"), own)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
