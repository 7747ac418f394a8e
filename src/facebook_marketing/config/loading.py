"""From a file, a mapping and the environment to a Config, or to every mistake at once."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from facebook_marketing.config.allowed import ALLOWED
from facebook_marketing.config.draft import Draft
from facebook_marketing.config.environment import VARIABLES, fill
from facebook_marketing.config.migrate import migrate
from facebook_marketing.config.mistakes import (
    NOTHING,
    ConfigError,
    Mistake,
    cleaned,
    masked,
    mistake,
    secrets_of,
)
from facebook_marketing.config.model import Config, repeated


@dataclass(frozen=True, slots=True)
class Loaded:
    """A usable config, and one log line for whatever was migrated, dropped or overridden on the way."""

    config: Config
    notes: tuple[str, ...] = ()


def load(source: Path | str | Mapping[str, Any] | None, environ: Mapping[str, str]) -> Loaded:
    """Read a config from a JSON file (its path) or a mapping, completed from `environ`.

    Neither the file nor the mapping is changed. Raises ConfigError with every mistake; no text in it, and no note,
    holds a secret.
    """
    raw = _read(source)
    draft = fill(migrate(raw), environ)
    secrets = secrets_of(raw, {name: environ[name] for name in VARIABLES if name in environ})
    checked = _checked(draft)
    config, found = (checked, ()) if isinstance(checked, Config) else (None, checked)
    mistakes = cleaned((*draft.mistakes, *found), secrets)
    if mistakes or config is None:
        raise ConfigError(mistakes)
    notes = (*draft.notes, *_empty_reports(config))
    return Loaded(config, tuple(dict.fromkeys(masked(note, secrets) for note in notes)))


def _empty_reports(config: Config) -> Iterator[str]:
    """Say which reports have no day: Airbyte's source takes such dates, and the stream stays empty without a word."""
    for index, row in enumerate(config.custom_insights):
        start, end = row.start_date or config.start_date, row.end_date or config.end_date
        if start and end and end < start:
            yield f"custom_insights[{index}] has no day to read: it ends on {end} and starts on {start}."


def _read(source: Path | str | Mapping[str, Any] | None) -> Mapping[str, Any]:
    content = {} if source is None else source if isinstance(source, Mapping) else _parsed(Path(source))
    match content:
        case Mapping():
            return content
        case Mistake():
            raise ConfigError([content])
        case _:
            raise ConfigError([mistake("the config", content, 'one JSON object: {"account_ids": […], …}')])


def _parsed(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        return Mistake(str(path), f"no readable file ({error.strerror})", "the path of a JSON file")
    except UnicodeDecodeError:
        return Mistake(str(path), "bytes that are not UTF-8", "a JSON file in UTF-8")
    except json.JSONDecodeError as error:
        where = f"{error.msg} in line {error.lineno}, column {error.colno}"
        return Mistake(str(path), where, "one JSON object; look for a comma or a quote around that place")
    except RecursionError:
        return Mistake(str(path), "brackets nested too deeply", "one JSON object")


def _checked(draft: Draft) -> Config | tuple[Mistake, ...]:
    # The mistakes are returned, not raised: an exception raised here would carry the rejected values along.
    try:
        return Config.model_validate(dict(draft.settings))
    except ValidationError as error:
        found = tuple(_mistake(row, draft) for row in error.errors(include_url=False))
    return (*found, *repeated(_names(draft.settings.get("custom_insights"))))


def _names(insights: object) -> Iterator[object]:
    for row in insights if isinstance(insights, list | tuple) else ():
        yield row.get("name") if isinstance(row, Mapping) else None


def _mistake(error: ErrorDetails, draft: Draft) -> Mistake:
    context = error.get("ctx", {})
    path = _path(error["loc"], draft.origins)
    at = context.get("at")
    path = at if isinstance(at, str) else f"{path}[{at}]" if isinstance(at, int) else path
    allowed = str(context["allowed"]) if error["type"] == "wrong" else _allowed(error)
    if "found" in context:
        return Mistake(path, str(context["found"]), allowed)
    return mistake(path, NOTHING if error["type"] == "missing" else error["input"], allowed)


def _allowed(error: ErrorDetails) -> str:
    names = [part for part in error["loc"] if isinstance(part, str)]
    return next((ALLOWED[name] for name in reversed(names) if name in ALLOWED), error["msg"])


def _path(parts: tuple[int | str, ...], origins: Mapping[str, str]) -> str:
    """Name the place as the user wrote it: `custom_insights[0].fields[2]`, or the older name it came from."""
    path = ""
    for part in parts:
        path = f"{path}[{part}]" if isinstance(part, int) else f"{path}.{part}" if path else part
        if path in origins:
            return origins[path]
    return path
