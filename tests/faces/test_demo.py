"""The demo: a simulated account into DuckDB, by the same way as a real one."""

import argparse
import io
import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from facebook_marketing.config import load
from facebook_marketing.faces.choices import UsageError
from facebook_marketing.faces.demo import ACCOUNT, DAYS, destination, environment, first_day, run_demo, sandbox_options
from facebook_marketing.sinks.destination import parse


def test_the_demo_is_configured_as_a_user_would_do_it() -> None:
    config = load(None, environment("http://127.0.0.1:8899")).config
    assert config.account_ids == (ACCOUNT,)
    assert config.graph_url == "http://127.0.0.1:8899"
    assert (datetime.now(UTC).date() - date.fromisoformat(first_day())).days == DAYS - 1


def test_any_file_name_makes_a_destination_that_means_this_file(tmp_path: Path) -> None:
    for name in ("demo.duckdb", "with space.duckdb", "50%25?#.duckdb", "ümläut.duckdb"):
        assert parse(destination(tmp_path / name)).file == tmp_path / name


def test_what_the_command_line_leaves_out_stays_as_it_is_by_default(tmp_path: Path) -> None:
    from facebook_marketing.sandbox.options import Options
    from facebook_marketing.sandbox.size import Size

    plan = tmp_path / "faults.json"
    plan.write_text(json.dumps([{"match": {"path": "insights"}, "then": {"error": "throttled"}}]))
    arguments = argparse.Namespace(
        command="sandbox", host="127.0.0.1", seed=7, ads=5, adsets=None, latency=0.1, faults=plan
    )
    options = sandbox_options(arguments)
    assert (options.seed, options.latency, options.size) == (7, 0.1, Size(ads=5))
    assert options.run_seconds == Options().run_seconds
    assert len(options.faults) == 1


def test_a_missing_web_server_is_said_with_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in sys.modules if name.startswith("facebook_marketing.sandbox")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(UsageError, match=r"needs uvicorn\. .*facebook-marketing\[all\]"):
        run_demo(tmp_path / "demo.duckdb", out=io.StringIO())


def test_the_demo_loads_every_stream_and_a_second_run_goes_on_from_the_first(tmp_path: Path) -> None:
    from facebook_marketing.sandbox.options import Options
    from facebook_marketing.sandbox.size import Size

    options = Options(
        run_seconds=0.2, size=Size(campaigns=2, adsets=3, ads=6, creatives=6, images=4, videos=2, activities=20)
    )
    file = tmp_path / "demo.duckdb"
    seen = []
    for _ in range(2):
        out = io.StringIO()
        assert run_demo(file, options=options, out=out) == 0
        text = out.getvalue()
        assert "Spend by month" in text
        assert "Spend by campaign" in text
        assert "FACEBOOK_ACCESS_TOKEN" in text
        with duckdb.connect(str(file), read_only=True) as connection:
            [(rows, days)] = connection.execute(
                "select count(*), count(distinct date_start) from facebook_ads.ads_insights",
            ).fetchall()
        assert 0 < days <= DAYS + 1
        seen.append((rows, int(text.split(" Graph calls")[0].split()[-1].replace(",", ""))))
    (rows, calls), (rows_again, calls_again) = seen
    assert rows_again == rows
    assert calls_again < calls
