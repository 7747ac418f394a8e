"""Findings about the configuration: mistakes, settings of older forms, clashes, reports that Meta would refuse."""

from collections.abc import Iterator, Sequence

from facebook_marketing.catalog.rules import never_asked, unavailable, unknown_fields
from facebook_marketing.catalog.schema import request_fields
from facebook_marketing.catalog.stream import Stream
from facebook_marketing.config import Config, ConfigError
from facebook_marketing.faces.catalog import built_in
from facebook_marketing.faces.check import combinations, own_reports
from facebook_marketing.faces.doctor.findings import Finding, fail, ok, warn

_ENVIRONMENT = "FACEBOOK_"


def of_mistakes(error: ConfigError) -> tuple[Finding, ...]:
    """A configuration that cannot be used: every mistake in it."""
    return tuple(
        fail("configuration", f"{one.path}: found {one.found}.", f"Allowed: {one.allowed}.") for one in error.mistakes
    )


def of_notes(notes: Sequence[str]) -> Iterator[Finding]:
    """What was migrated, dropped or overridden while the configuration was read."""
    for note in notes:
        if note.startswith(_ENVIRONMENT):
            yield ok("configuration.environment", note)
        else:
            yield warn("configuration.older", note, "Bring the setting into the form of docs/configuration.md.")


def of_config(config: Config, streams: Sequence[Stream]) -> Iterator[Finding]:
    """Clashes and reports that cannot work, told without a call."""
    clashes = config.clashes(built_in(streams, config))
    refused = combinations(streams)
    for one in clashes:
        yield fail("configuration.clash", f"{one.path}: found {one.found}.", f"Allowed: {one.allowed}.")
    for name, why in refused.items():
        yield fail("reports.combination", f"{why}", "Ask for the breakdowns in separate reports.", subject=name)
    for stream in own_reports(streams):
        yield from _fields(stream)
    if not clashes and not refused:
        yield ok("configuration", f"The configuration can be used; it offers {len(streams)} streams.")


def _fields(stream: Stream) -> Iterator[Finding]:
    report = stream.report
    if report is None:
        return
    for column in stream.columns:
        if why := never_asked(column.name):
            text = f"{column.name} is not asked for: {why}."
            yield warn("reports.field", text, "Leave it out of the report's fields.", subject=stream.name)
    for name, why in unavailable(report, request_fields(stream)):
        yield warn("reports.field", f"{name}: {why}.", "Leave it out of the report's fields.", subject=stream.name)
    if names := unknown_fields(stream):
        text = f"Not in our table of fields, asked for as they are: {', '.join(names)}."
        yield warn(
            "reports.field", text, "Look at the spelling; a field newer than this program is fine.", subject=stream.name
        )
