"""The page about streams, written from the tables so that it cannot drift (docs/streams.md)."""

from facebook_marketing.catalog.markdown import code, table
from facebook_marketing.catalog.presets import PRESETS, Preset
from facebook_marketing.catalog.reports import presets
from facebook_marketing.catalog.stream import Stream
from facebook_marketing.catalog.streams import ENTITIES, leads

_INTRO = """# Streams

Written by `facebook_marketing.catalog.describe.page()`; a test fails when this page is not current.

Every column may be null: Meta leaves out what is empty or at its default. Columns that Meta sends unasked are kept.
"""

_ENTITIES = """
## Entities

Full refresh reads everything that is there; incremental reads what changed since the cursor. *By Meta* means that Meta
filters by the cursor; *by us* means that the edge cannot, so that everything is read and unchanged rows are left out,
in whatever order they come.

`account_id` is filled in by us, with the account that is read, on {injected}.

`facebook-marketing sync` without `--streams` reads those marked *yes*. `leads` exists only with
[`include_leads`](configuration.md#leads).
"""

_RIGHTS = """
Some of them are read where the token may. One that Meta keeps closed is delivered empty, without failing the sync; what
is missing stands in the log, in the report of the sync and in `sync_gaps`.

"""

_UNTOLD = """
### What no cursor tells

- **Creatives** have no time of their own. An incremental sync of `ad_creatives` lists all of them first, then reads
  those of the ads that changed, and lists all again every [`sweep_days`](configuration.md) (7), because a creative can
  change without its ad. Its cursor is no column: of two rows of a creative, the one that came last counts.
  `ad_creatives_from_ads` holds the creatives of the ads that are listed, each once, with the `updated_time` of its
  newest ad. A creative that Meta does not show costs itself alone: it is recorded, and asked for again in the next
  syncs.
- **Archived and deleted objects** are not listed, but reports name them. Campaigns, ad sets and ads that a report of
  the same sync names, and with missing ads their creatives, are asked for by their ids and delivered with their real
  status (`fetch_missing_entities`). What is listed is known after a full read; later the bare ids are listed for it
  every `sweep_days`, or in every sync with `lookback: changed`. A report tells of its last 28 days again in each sync,
  so no object is missed in between. What Meta knows no more is recorded once. At most 20,000 objects of a kind and
  account are asked for in a sync, at most 200 of them one by one.
- **What is gone** leaves no trace in an incremental read. A warehouse is told what is there after each full read, and
  every `sweep_days` by a list of bare ids; an object that was not in it is gone. Archived objects are there, deleted
  ones are not, unless you read objects with the status DELETED.
"""

_REPORTS = """
## Reports

Full refresh and incremental, with the cursor `date_start`. How they are read, what each asks for, and what the numbers
mean: [reports](reports.md). An Airbyte catalog offers all of them; `facebook-marketing sync` without `--streams` reads
those marked *yes*: the others are parts of them, or reports that only some people want.
"""


def page() -> str:
    """docs/streams.md, whole."""
    entities = (*ENTITIES, leads())
    injected = ", ".join(stream.name for stream in entities if stream.inject)
    return "".join(
        (
            _INTRO,
            _ENTITIES.format(injected=injected),
            table(
                ("stream", "edge", "key", "cursor", "modes", "columns", "read without asking"),
                map(_entity_row, entities),
            ),
            _RIGHTS,
            *(f"- `{stream.name}` needs {stream.needs}\n" for stream in entities if stream.needs),
            _UNTOLD,
            _REPORTS,
            table(("stream", "a row for each", "key", "read without asking"), map(_report_row, PRESETS, presets())),
            _deprecated(),
        )
    )


def _entity_row(stream: Stream) -> tuple[str, ...]:
    filtered = "by Meta" if stream.server_cursor else "by us"
    cursor = "none" if stream.cursor is None else f"`{stream.cursor}` ({filtered})"
    if stream.via is not None:
        cursor = "its ads' `updated_time`"
    modes = "full refresh, incremental" if stream.incremental else "full refresh"
    asked = "yes" if stream.offered_by_default else "no"
    return f"`{stream.name}`", _edge(stream), code(stream.primary_key), cursor, modes, str(len(stream.columns)), asked


def _edge(stream: Stream) -> str:
    if stream.parents is not None:
        return f"`{stream.edge}` of {stream.parents.edge}"
    if stream.shared is not None:
        return f"`{stream.shared.listed}`, and the account's `{stream.shared.field}`"
    return f"`{stream.edge}`" if stream.edge else "the account itself"


_OBJECTS = {"ad": "ad", "adset": "ad set", "campaign": "campaign", "account": "account"}
_LENGTHS = {1: "day", "weekly": "week", "monthly": "month", "all_days": "report"}


def _report_row(preset: Preset, stream: Stream) -> tuple[str, ...]:
    length = _LENGTHS.get(preset.time_increment, f"{preset.time_increment} days")
    each = ", ".join((_OBJECTS[preset.level], length, *(f"`{name}`" for name in preset.breakdowns)))
    return f"`{preset.name}`", each, code(stream.primary_key), "yes" if preset.offered_by_default else "no"


def _deprecated() -> str:
    return "\n" + "".join(f"- `{preset.name}`: {preset.deprecated}\n" for preset in PRESETS if preset.deprecated)
