"""After a sync: the ready views, over a connection of their own."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from facebook_marketing.catalog.stream import Stream
from facebook_marketing.sinks import duck
from facebook_marketing.sinks.destination import Destination, WarehouseError, parse, secret
from facebook_marketing.sinks.relations import DIALECTS
from facebook_marketing.sinks.views import Made, create_views

PROFILES = ("own", "fivetran")
_NONE = Made((), ())


@dataclass(frozen=True, slots=True)
class _ClientSql:
    """dlt's connection to a destination."""

    dialect: str
    client: Any

    def run(self, statement: str) -> None:
        self.client.execute_sql(statement)

    def fetch(self, statement: str) -> Sequence[tuple[object, ...]]:
        return self.client.execute_sql(statement) or ()


def ready_views(destination: str, dataset: str, *, profile: str = "own", versions: Iterable[str] = ()) -> Made:
    """Create the views beside the tables of `dataset`; with a profile of others' names those in `<dataset>_<profile>`.

    `versions` names the tables that grow by appending. Nothing here stops a sync: what went wrong is in the notes.
    Errors: WarehouseError for a profile that the destination cannot have.
    """
    to = parse(destination)
    dialect = DIALECTS.get(to.name)
    if dialect is None:
        refuse_profile(destination, profile)
        return _NONE
    try:
        with _opened(to, dataset) as client:
            return create_views(_ClientSql(dialect, client), client.dataset_name, profile=profile, versions=versions)
    except Exception as error:  # noqa: BLE001 - the rows are loaded; each driver has errors of its own
        return Made((), (f"The views could not be made: {_plain(to, error)}. The next sync tries again.",))


def refuse_profile(destination: str, profile: str) -> None:
    """Errors: WarehouseError when views are wanted where there can be none."""
    to = parse(destination)
    if profile != "own" and to.name not in DIALECTS:
        known = ", ".join(sorted(DIALECTS))
        raise WarehouseError(
            f"The profile {profile} is made of views, and {to.name} has none here. Load one of: {known}."
        )


def child_tables(stream: Stream, table: Any) -> Mapping[str, Any]:  # noqa: ANN401 - pyarrow's, loaded when rows come
    """Child tables of a pyarrow Table of the stream's rows, by name."""
    from facebook_marketing.sinks.children import derived  # noqa: PLC0415 - see above

    return derived(stream, table)


def no_child_rows(stream: Stream, table: Any) -> Mapping[str, Any]:  # noqa: ANN401 - the same
    """Name the same tables and give them no row: those that stand from an earlier sync must not grow stale."""
    return child_tables(stream, table.slice(0, 0))


@contextmanager
def _opened(to: Destination, dataset: str) -> Iterator[Any]:
    """Connect without dlt's tables or state: SQL is all that is wanted."""
    import dlt  # noqa: PLC0415 - it takes a second
    from dlt.common.schema import Schema  # noqa: PLC0415 - the same

    factory = getattr(dlt.destinations, to.name)
    with nullcontext() if to.file is None else closing(duck.connect(to.file)) as held:
        destination = factory(**({} if to.location is None else {"credentials": held or to.location}))
        schema = Schema("facebook_marketing")
        config = destination.spec()
        config._bind_dataset_name(dataset, schema.name)  # noqa: SLF001 - the documented way without a pipeline
        with destination.client(schema, config).sql_client as client:
            yield client


def _plain(to: Destination, error: Exception) -> str:
    """The first line of what the driver says, without the password."""
    text = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
    password = secret(to.location) if to.location else None
    return text.replace(password, "***") if password else text
