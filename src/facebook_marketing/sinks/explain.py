"""What went wrong at a destination, in one sentence that ends with the next step."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from facebook_marketing.sinks.destination import Destination, WarehouseError, secret

LONGEST = 600

# (what the driver says, what the reader can do). The first row that fits is told; {place} and {name} are filled in.
REMEDIES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(said, re.IGNORECASE | re.DOTALL), remedy)
    for said, remedy in (
        (
            r"conflicting lock|being used by another process|could not set lock",
            "Close the other program that has {place} open, then run again.",
        ),
        (
            r"read-only|permission denied.*file|cannot open file.*permission",
            "Make {place} and its folder writable, or name another file.",
        ),
        (
            r"not a valid duckdb database|newer version of duckdb|serialization",
            "Name another file, or move this one away: {place} is not a DuckDB file that can be written.",
        ),
        (r"cannot open file|no such file or directory", "Make the folder of {place} first, or name another place."),
        (
            r"no module named|missingdependency|you must install additional dependencies|driver .*not found",
            "Install the driver: pip install 'facebook-marketing[{extra}]'.",
        ),
        (
            r"password authentication failed|no password supplied|authentication",
            "Check the user and the password in the destination's URL.",
        ),
        (r"database .* does not exist", "Create the database, or name one that exists."),
        (
            r"connection refused|could not (translate host|connect)|timed? ?out|name or service not known",
            "Check the host and the port, and that the server takes connections from here.",
        ),
        (
            r"permission denied|insufficient privilege|not authorized|access denied",
            "Give this user the right to create schemas and tables there.",
        ),
        (
            r"configfieldmissing|missing \d+ field",
            "Give the credentials in the destination's URL, or in dlt's own configuration for {name}.",
        ),
        (r"no space left|disk full|disk quota|file too large|out of memory", "Make room, then run again."),
    )
)
OTHERWISE = "What was checkpointed before is safe: put the cause right, then run again to go on from there."


@contextmanager
def explained(destination: Destination) -> Iterator[None]:
    """Turn whatever a driver or dlt raises inside into a WarehouseError."""
    try:
        yield
    except WarehouseError:
        raise
    except Exception as error:
        raise WarehouseError(explain(error, destination)) from error


def explain(error: BaseException, destination: Destination) -> str:
    """Say in one line which destination, what its driver said (without the password), what to do."""
    root = _root(error)
    said = _hidden(" ".join(f"{type(root).__name__}: {root}".split()), destination)
    remedy = next((remedy for pattern, remedy in REMEDIES if pattern.search(said)), OTHERWISE)
    what = said if len(said) <= LONGEST else said[:LONGEST] + " …"
    step = remedy.format(place=destination.shown, name=destination.name, extra=destination.extra)
    return f"{destination.shown} cannot be loaded ({what}). {step}"


def _root(error: BaseException) -> BaseException:
    """Find the driver's own error at the end of the chain."""
    seen = {id(error)}
    while (cause := error.__cause__ or error.__context__) is not None and id(cause) not in seen:
        seen.add(id(cause))
        error = cause
    return error


def _hidden(text: str, destination: Destination) -> str:
    password = secret(destination.location)
    if destination.location:
        text = text.replace(destination.location, destination.shown)
    return text.replace(password, "***") if password else text
