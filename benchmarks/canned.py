"""A page source that costs next to nothing: pre-rendered Graph API pages behind a loopback server.

What it keeps of the real thing: cursors and `next`, gzip, numbers as strings, usage headers, report runs with their
life cycle, batches, and of the filters those by id and by a day since which things changed. What it leaves out:
everything else (other filters, tokens, quota, errors), so it says nothing about correctness. Pages are kept once
rendered: read everything once before measuring.
"""

import argparse
import asyncio
import contextlib
import gzip
import json
import random
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from aiohttp import web

ACCOUNT = "1234567890123456"
LOW_USAGE = {
    "facebook-api-version": "v26.0",
    "x-fb-ads-insights-throttle": json.dumps(
        {"app_id_util_pct": 1, "acc_id_util_pct": 1, "ads_api_access_tier": "standard_access"}
    ),
    "x-business-use-case-usage": json.dumps(
        {
            ACCOUNT: [
                {
                    "type": kind,
                    "call_count": 1,
                    "total_cputime": 1,
                    "total_time": 1,
                    "estimated_time_to_regain_access": 0,
                    "ads_api_access_tier": "standard_access",
                }
                for kind in ("ads_insights", "ads_management")
            ]
        }
    ),
}
VARIANTS = 499
"""Rows repeat after so many: enough that a page packs as real ones do (1 MB to some 180 kB)."""

MOST = 5000
"""The highest `limit` that is honoured."""

BEGUN = 0.1
"""Share of a run's time that it waits before it starts."""

WINDOWS = ("1d_click", "7d_click", "28d_click", "1d_view")
ACTIONS = ("link_click", "landing_page_view", "omni_purchase", "purchase", "post_engagement", "page_engagement")


def _stats(dice: random.Random, kinds: tuple[str, ...], *, money: bool = False) -> list[dict[str, str]]:
    def number() -> str:
        return f"{dice.uniform(0, 900):.2f}" if money else str(dice.randrange(900))

    return [{"action_type": kind, "value": number(), **{window: number() for window in WINDOWS}} for kind in kinds]


def insights_row(seed: int) -> dict[str, Any]:
    """One insights row of about 2 kB with five nested lists; `@ad@` and `@day@` are filled in later."""
    dice = random.Random(seed)
    whole = ("impressions", "reach", "clicks", "unique_clicks", "inline_link_clicks", "inline_post_engagement")
    parts = ("spend", "frequency", "ctr", "unique_ctr", "cpc", "cpm", "cpp", "inline_link_click_ctr", "social_spend")
    return {
        "account_id": ACCOUNT,
        "campaign_id": f"1202100000{dice.randrange(10**8):08}",
        "adset_id": f"1202100001{dice.randrange(10**8):08}",
        "ad_id": "@ad@",
        "date_start": "@day@",
        "date_stop": "@day@",
        "account_name": "Example Shop EU",
        "account_currency": "EUR",
        "campaign_name": f"Spring sale {dice.randrange(500)}",
        "adset_name": f"DE 25-54 broad {dice.randrange(2000)}",
        "ad_name": f"Carousel {dice.randrange(10000)}",
        "objective": "OUTCOME_SALES",
        "buying_type": "AUCTION",
        "optimization_goal": "OFFSITE_CONVERSIONS",
        "attribution_setting": "7d_click_1d_view",
        **{name: str(dice.randrange(20000)) for name in whole},
        **{name: f"{dice.uniform(0, 90):.6f}" for name in parts},
        "actions": _stats(dice, ACTIONS),
        "action_values": _stats(dice, ACTIONS[2:4], money=True),
        "cost_per_action_type": _stats(dice, ACTIONS[:3], money=True),
        "outbound_clicks": _stats(dice, ("outbound_click",)),
        "video_p25_watched_actions": _stats(dice, ("video_view",)),
    }


def entity_row(seed: int) -> dict[str, Any]:
    """One row of an edge with the twenty fields of `ads` that the existing connector reads."""
    dice = random.Random(seed)
    return {
        "id": "@ad@",
        "account_id": ACCOUNT,
        "adset_id": f"1202100001{dice.randrange(10**8):08}",
        "campaign_id": f"1202100000{dice.randrange(10**8):08}",
        "name": f"Carousel {dice.randrange(10000)}",
        "status": "ACTIVE",
        "configured_status": "ACTIVE",
        "effective_status": "ACTIVE",
        "bid_type": "ABSOLUTE_OCPM",
        "bid_amount": dice.randrange(1000),
        "bid_info": {"ACTIONS": dice.randrange(1000)},
        "last_updated_by_app_id": "1122334455",
        "source_ad_id": "0",
        "created_time": "2026-02-02T11:07:20+0100",
        "updated_time": "@day@T00:00:00+0000",
        "creative": {"id": f"1202100004{dice.randrange(10**8):08}"},
        "tracking_specs": [
            {"action.type": ["offsite_conversion"], "fb_pixel": [str(dice.randrange(10**15))]},
            {"action.type": ["post_engagement"], "page": [str(dice.randrange(10**15))], "post": ["778899001122334"]},
        ],
        "conversion_specs": [{"action.type": ["offsite_conversion"], "conversion_id": [str(dice.randrange(10**15))]}],
        "targeting": {"age_max": 54, "age_min": 25, "geo_locations": {"countries": ["DE"], "location_types": ["home"]}},
        "recommendations": [],
    }


@dataclass(frozen=True)
class Sizes:
    """How much there is."""

    ads_per_day: int = 2000
    ads: int = 10_000
    run_seconds: float = 0.5
    latency: float = 0.0

    def entities(self, edge: str) -> int:
        """Rows of an edge: an account with 500 campaigns and 2,000 ad sets, and as many creatives as ads."""
        return {"campaigns": 500, "adsets": 2000, "ads": self.ads, "adcreatives": self.ads}.get(edge, 0)

    def changed(self, edge: str) -> int:
        """Rows of an edge that changed since yesterday: three in a hundred ads, fewer of what is above them."""
        return {"campaigns": 5, "adsets": 30, "ads": self.ads * 3 // 100}.get(edge, 0)


class Canned:
    """The pages and the runs. `calls` counts as Meta does: each entry of a batch is a call."""

    def __init__(self, sizes: Sizes) -> None:
        self.sizes = sizes
        self.base = ""
        self.calls: Counter[str] = Counter()
        self.requests = 0
        self.pages: dict[str, bytes] = {}
        self.templates: dict[tuple[str, frozenset[str]], list[list[bytes]]] = {}
        self.runs: dict[str, tuple[float, date, int, str]] = {}

    def answer(self, method: str, path: str, params: Mapping[str, str]) -> bytes:
        """The packed body of one call; `path` is below the version."""
        node, _, edge = path.partition("/")
        if edge == "insights" and method == "POST":
            self.calls["create a run"] += 1
            return _pack({"report_run_id": self._create(params)})
        if edge == "insights" and node in self.runs:
            self.calls["page of a run"] += 1
            _, since, days, fields = self.runs[node]
            asked = {"fields": fields, **params}  # a run's pages have the fields that it was created with
            return self._page("insights", path, asked, range(self.sizes.ads_per_day * days), since)
        if node in self.runs:
            self.calls["poll a run"] += 1
            return _pack(self._status(node))
        if edge == "insights":
            self.calls["insights at once"] += 1
            return _pack({"data": []})
        if edge:
            self.calls[f"page of {edge}"] += 1
            today = datetime.now(UTC).date()
            rows, day = self._filtered(edge, json.loads(params.get("filtering", "[]")), today)
            return self._page("entity", path, params, rows, day)
        self.calls["node"] += 1
        account = {"account_id": ACCOUNT, "name": "Example Shop EU", "timezone_name": "UTC", "currency": "EUR"}
        return _pack({"id": node, **account})

    def _filtered(self, edge: str, filters: list[dict[str, Any]], today: date) -> tuple[Sequence[int], date]:
        """The numbers of the rows that these filters leave, and the day on which those changed."""
        for entry in filters:
            if entry["field"].endswith(".id"):
                return [int(one[-8:]) for one in entry["value"]], today
            lately = datetime.fromtimestamp(int(entry["value"]), UTC).date() >= today - timedelta(days=2)
            if entry["field"].endswith(".updated_time") and lately:
                return range(self.sizes.changed(edge)), today + timedelta(days=1)
        return range(self.sizes.entities(edge)), today

    def _create(self, params: Mapping[str, str]) -> str:
        span = json.loads(params["time_range"])
        since, until = date.fromisoformat(span["since"]), date.fromisoformat(span["until"])
        # The same question has the same run, so that its pages are rendered once.
        run = str(6_000_000_000_000 + zlib.crc32(repr(sorted(params.items())).encode()))
        self.runs[run] = (time.monotonic(), since, (until - since).days + 1, params.get("fields", ""))
        return run

    def _status(self, run: str) -> dict[str, object]:
        share = (time.monotonic() - self.runs[run][0]) / max(self.sizes.run_seconds, 1e-6)
        status = "Job Not Started" if share < BEGUN else "Job Running" if share < 1 else "Job Completed"
        return {"id": run, "async_status": status, "async_percent_completion": min(int(share * 100), 100)}

    def _page(self, kind: str, path: str, params: Mapping[str, str], numbers: Sequence[int], since: date) -> bytes:
        address = f"{self.base}/v26.0/{path}?{urllib.parse.urlencode(params)}"
        page = self.pages.get(address)
        if page is None:
            start = int(params.get("after") or 0)
            stop = min(start + min(int(params.get("limit", 25)), MOST), len(numbers))
            fields = frozenset(params.get("fields", "").replace("creative{", "creative,").rstrip("}").split(","))
            rows = b",".join(self._rows(kind, fields, since, numbers[start:stop]))
            paging: dict[str, object] = {"cursors": {"before": str(start), "after": str(stop)}}
            if stop < len(numbers):
                query = urllib.parse.urlencode({**params, "after": str(stop)})
                paging["next"] = f"{self.base}/v26.0/{path}?{query}"
            page = gzip.compress(b'{"data":[' + rows + b'],"paging":' + json.dumps(paging).encode() + b"}", 1)
            self.pages[address] = page
        return page

    def _rows(self, kind: str, fields: frozenset[str], since: date, numbers: Sequence[int]) -> Iterator[bytes]:
        templates = self._templates(kind, fields)
        for number in numbers:
            day, ad = divmod(number, self.sizes.ads_per_day) if kind == "insights" else (0, number)
            fill = {b"ad": b"1202100003%08d" % ad, b"day": str(since + timedelta(days=day)).encode()}
            yield b"".join(fill.get(part, part) for part in templates[number % VARIANTS])

    def _templates(self, kind: str, fields: frozenset[str]) -> list[list[bytes]]:
        found = self.templates.get((kind, fields))
        if found is None:
            make = insights_row if kind == "insights" else entity_row
            keep = fields | {"id", "date_start", "date_stop"}
            rows = [{name: value for name, value in make(seed).items() if name in keep} for seed in range(VARIANTS)]
            found = [json.dumps(row, separators=(",", ":")).encode().split(b"@") for row in rows]
            self.templates[kind, fields] = found
        return found


def _pack(body: object) -> bytes:
    return gzip.compress(json.dumps(body, separators=(",", ":")).encode(), 1)


def _application(canned: Canned) -> web.Application:
    async def serve(request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        params = {**request.query, **form}
        params.pop("access_token", None)
        canned.requests += 1
        await asyncio.sleep(canned.sizes.latency)
        path = _below_version(request.path)
        body = _batch(canned, params["batch"]) if "batch" in params else canned.answer(request.method, path, params)
        headers = {**LOW_USAGE, "Content-Type": "application/json; charset=UTF-8", "Content-Encoding": "gzip"}
        return web.Response(body=body, headers=headers)

    async def stats(request: web.Request) -> web.Response:
        told = {"requests": canned.requests, "calls": dict(canned.calls)}
        if request.method == "POST":
            canned.calls.clear()
            canned.requests = 0
        return web.json_response(told)

    application = web.Application(client_max_size=2**26)
    application.router.add_route("*", "/__canned__/stats", stats)
    application.router.add_route("*", "/{path:.*}", serve)
    return application


def _batch(canned: Canned, entries: str) -> bytes:
    replies = []
    for entry in json.loads(entries):
        address = urllib.parse.urlsplit(entry["relative_url"])
        params = dict(urllib.parse.parse_qsl(address.query)) | dict(urllib.parse.parse_qsl(entry.get("body", "")))
        body = canned.answer(entry["method"], _below_version(f"/{address.path.lstrip('/')}"), params)
        headers = [{"name": name, "value": value} for name, value in LOW_USAGE.items()]
        replies.append({"code": 200, "headers": headers, "body": gzip.decompress(body).decode()})
    return _pack(replies)


def _below_version(path: str) -> str:
    return re.sub(r"^/(v\d+\.\d+/?)?", "", path)


@dataclass(frozen=True)
class Running:
    """A canned server in a process of its own."""

    url: str

    def counts(self) -> tuple[int, dict[str, int]]:
        """HTTP requests, and calls by kind, since the last time this was asked."""
        request = urllib.request.Request(f"{self.url}/__canned__/stats", method="POST")
        with urllib.request.urlopen(request, timeout=30) as reply:
            told = json.load(reply)
        return told["requests"], told["calls"]


@contextmanager
def running(**options: float) -> Iterator[Running]:
    """Start a server with these sizes on a free port; stop it at the end."""
    words = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    process = subprocess.Popen([sys.executable, __file__, *words], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield Running(process.stdout.readline().strip())
    finally:
        process.terminate()
        process.wait(timeout=30)


async def _serve(sizes: Sizes) -> None:
    canned = Canned(sizes)
    runner = web.AppRunner(_application(canned), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    canned.base = f"http://{host}:{port}"
    print(canned.base, flush=True)
    await asyncio.Event().wait()


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ads-per-day", type=int, default=2000)
    parser.add_argument("--ads", type=int, default=10_000)
    parser.add_argument("--run-seconds", type=float, default=0.5)
    parser.add_argument("--latency", type=float, default=0.0)
    chosen = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(Sizes(chosen.ads_per_day, chosen.ads, chosen.run_seconds, chosen.latency)))


if __name__ == "__main__":
    main()
