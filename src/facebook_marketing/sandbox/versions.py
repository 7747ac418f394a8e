"""API versions: which are served, which are lifted to a later one, which are refused.

State of November 2026: Marketing versions v25.0 and v26.0 live; a call to v21.0 to v24.0 is served by v25.0 with a
warning header (an app may opt out); older ones, and calls to ads objects without a version, end in code 2635; a
number that Meta never issued is read as an unknown path.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .errors import GraphError

__all__ = ["LATEST", "LIVE", "Version", "deprecated", "resolve"]

LIVE = ("v25.0", "v26.0")
LATEST = LIVE[-1]
_LIFTED = frozenset({"v21.0", "v22.0", "v23.0", "v24.0"})
_FORM = re.compile(r"v(\d+)\.(\d+)$")
_FIRST = (2, 0)
_OLDEST_STYLE = 2  # v2 had minor numbers up to v2.12; from v3 on only v3.0 to v3.3, then .0 alone


@dataclass(frozen=True, slots=True)
class Version:
    """The version asked for (None: none in the path) and the one that serves."""

    asked: str | None
    served: str
    dead: bool = False

    def headers(self) -> Mapping[str, str]:
        """Return the headers that say which version served the call."""
        served = {"facebook-api-version": self.served}
        if self.asked in _LIFTED and not self.dead:
            text = f"The call has been auto-upgraded to {self.served} as {self.asked} has been deprecated."
            served["x-ad-api-version-warning"] = text
        return served


def resolve(parts: tuple[str, ...], *, lift: bool, default: str | None = None) -> tuple[Version, tuple[str, ...]]:
    """Split the version off a path; ``default`` is the outer version of a batch entry.

    Raises 2500 for a number that does not exist. A dead version comes back marked: the caller refuses it where ads
    objects are concerned, after the token was looked at.
    """
    match = _FORM.match(parts[0]) if parts else None
    if match is None:
        return Version(default, _serving(default), dead=default is None), parts
    asked, rest = parts[0], parts[1:]
    if asked in LIVE:
        return Version(asked, asked), rest
    if asked in _LIFTED:
        return Version(asked, LIVE[0], dead=not lift), rest
    if not _issued(int(match[1]), int(match[2])):
        message = f"Unknown path components: /{'/'.join(rest)}"
        raise GraphError(message, 2500)
    return Version(asked, LIVE[0], dead=True), rest


def deprecated() -> GraphError:
    """Return the refusal of a version that no longer serves ads objects."""
    text = "(#2635) You are calling a deprecated version of the Ads API. Please update to the latest version: "
    return GraphError(f"{text}{LATEST}.", 2635)


def _serving(default: str | None) -> str:
    return default if default in LIVE else LIVE[0]


def _issued(major: int, minor: int) -> bool:
    newest = int(LATEST[1:].partition(".")[0])
    return (major, minor) >= _FIRST and major <= newest and (minor == 0 or major <= _OLDEST_STYLE + 1)
