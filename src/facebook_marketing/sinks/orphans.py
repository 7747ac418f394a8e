"""Child rows whose parent is gone, as they stay when somebody deletes rows by hand."""

from facebook_marketing.catalog.children import children
from facebook_marketing.catalog.stream import Stream
from facebook_marketing.sinks.arrow import ROW_ID
from facebook_marketing.sinks.statements import PARENT_ID
from facebook_marketing.sinks.tables import Tables


def drop_orphans(tables: Tables, stream: Stream) -> None:
    """Remove them: when their parent comes back it brings its own, and they would count twice. Blocking."""
    for child in children(stream):
        if tables.has(child.table, PARENT_ID):
            parents = f"SELECT {tables.escaped(ROW_ID)} FROM {tables.qualified(stream.name)}"
            tables.client.sql_client.execute_sql(
                f"DELETE FROM {tables.qualified(child.table)} WHERE {tables.escaped(PARENT_ID)} NOT IN ({parents})"
            )
