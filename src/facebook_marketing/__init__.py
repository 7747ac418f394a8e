"""Reads Meta (Facebook) ads data, completely and exactly.

The public names: `load_config` makes a `Config` of what the user wrote, and a `ConfigError` says what to change.
The commands are `facebook-marketing` and `source-facebook-marketing`.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from facebook_marketing.config import Config, ConfigError
    from facebook_marketing.config import load as load_config

__all__ = ["Config", "ConfigError", "load_config"]

_NAMES = {"Config": "Config", "ConfigError": "ConfigError", "load_config": "load"}


def __getattr__(name: str) -> object:
    """Loads a public name when it is first used: importing the package costs nothing."""
    if name not in _NAMES:
        message = f"module 'facebook_marketing' has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module("facebook_marketing.config"), _NAMES[name])
