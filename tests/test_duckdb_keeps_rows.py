"""Why duckdb is held below 2: version 2.0.0 loses rows that one transaction staged and copied.

Measured with 1.4.3 and 1.5.6, which keep them. From one row group (122,880 rows) on, 2.0.0 counts the rows from
its statistics and finds none by scanning. The warehouse's sink stages and merges in just this way.
"""

from pathlib import Path

import duckdb
import pytest

ROW_GROUP = 122_880


@pytest.mark.parametrize("rows", (ROW_GROUP - 1, ROW_GROUP, 2 * ROW_GROUP + 1))
def test_rows_staged_and_copied_in_one_transaction_are_found_by_a_scan(rows: int, tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "rows.duckdb")) as connection:
        connection.execute("begin")
        connection.execute(f"create table stage as select range as id, range % 7 as week from range({rows})")
        connection.execute("create table ads as select * from stage limit 0")
        connection.execute("insert into ads select * from stage")
        connection.execute("commit")

        assert _one(connection, "select count(*) from ads") == rows
        assert _one(connection, "select count(*) from ads where id >= 0") == rows
        assert _one(connection, "select count(*) from ads join stage using (id)") == rows
        assert _one(connection, "select sum(id) from ads") == rows * (rows - 1) // 2


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])
