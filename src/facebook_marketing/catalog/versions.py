"""How long API versions live: Meta's pages on versioning and the Graph changelog, as of November 2026.

A Marketing version dies earlier than the Graph version of the same number. A call to a dead one is served by the
oldest live one where nothing that it uses has changed since ("auto-upgrade"), else it is refused (code 2635).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class ApiVersion:
    """A version's birth and the end of its Marketing API; `dies` None: Meta has announced no day yet."""

    name: str
    born: date
    dies: date | None = None


SOURCE = "Meta: versioning, as of November 2026"

API_VERSIONS: Mapping[str, ApiVersion] = {
    row.name: row
    for row in (
        ApiVersion("v16.0", date(2023, 2, 2), date(2024, 2, 6)),
        ApiVersion("v17.0", date(2023, 5, 23), date(2024, 5, 14)),
        ApiVersion("v18.0", date(2023, 9, 12), date(2024, 8, 13)),
        ApiVersion("v19.0", date(2024, 1, 23), date(2025, 2, 4)),
        ApiVersion("v20.0", date(2024, 5, 21), date(2025, 5, 6)),
        ApiVersion("v21.0", date(2024, 10, 2), date(2025, 9, 9)),
        ApiVersion("v22.0", date(2025, 1, 21), date(2026, 2, 19)),
        ApiVersion("v23.0", date(2025, 5, 29), date(2026, 6, 9)),
        ApiVersion("v24.0", date(2025, 10, 8), date(2026, 10, 6)),
        ApiVersion("v25.0", date(2026, 2, 18)),
        ApiVersion("v26.0", date(2026, 7, 29)),
    )
}

NEWEST = max(API_VERSIONS.values(), key=lambda version: version.born)

SOON_DAYS = 90
"""Days before a version's end from which on it is said: Meta gives it at least ninety after its successor."""


def days_left(name: str, today: date) -> int | None:
    """Days until a version's end, 0 or less when it is over; None where no end is known."""
    version = API_VERSIONS.get(name)
    return None if version is None or version.dies is None else (version.dies - today).days
