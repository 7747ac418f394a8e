"""The least that any reader must do: fetch the same pages, inflate, decode typed, encode as RECORD lines.

No retries, no state, no budget, no schema, no care. Started by airbyte_face.py as a process of its own.
"""

import argparse
import asyncio
import os
import sys
import time
from decimal import Decimal
from typing import Any

import aiohttp
import msgspec
from isal import isal_zlib

ACCOUNT = "1234567890123456"
AT_ONCE = 8


class Action(msgspec.Struct, gc=False, omit_defaults=True):
    """One entry of an action list."""

    action_type: str
    value: Decimal | None = None
    d1_click: Decimal | None = msgspec.field(default=None, name="1d_click")
    d7_click: Decimal | None = msgspec.field(default=None, name="7d_click")
    d28_click: Decimal | None = msgspec.field(default=None, name="28d_click")
    d1_view: Decimal | None = msgspec.field(default=None, name="1d_view")


TEXTS = [
    "account_id",
    "campaign_id",
    "adset_id",
    "ad_id",
    "date_start",
    "date_stop",
    "account_name",
    "account_currency",
    "campaign_name",
    "adset_name",
    "ad_name",
    "objective",
    "buying_type",
    "optimization_goal",
    "attribution_setting",
]
WHOLE = ["impressions", "reach", "clicks", "unique_clicks", "inline_link_clicks", "inline_post_engagement"]
PARTS = ["spend", "frequency", "ctr", "unique_ctr", "cpc", "cpm", "cpp", "inline_link_click_ctr", "social_spend"]
LISTS = ["actions", "action_values", "cost_per_action_type", "outbound_clicks", "video_p25_watched_actions"]
INSIGHT = msgspec.defstruct(
    "Insight",
    [
        *((name, str | None, None) for name in TEXTS),
        *((name, int | None, None) for name in WHOLE),
        *((name, Decimal | None, None) for name in PARTS),
        *((name, list[Action] | None, None) for name in LISTS),
    ],
    gc=False,
    omit_defaults=True,
)
AD_TEXTS = [
    "id",
    "account_id",
    "adset_id",
    "campaign_id",
    "name",
    "status",
    "configured_status",
    "effective_status",
    "bid_type",
    "last_updated_by_app_id",
    "source_ad_id",
    "created_time",
    "updated_time",
]
AD_RAW = ["bid_info", "creative", "tracking_specs", "conversion_specs", "targeting", "recommendations"]
AD = msgspec.defstruct(
    "Ad",
    [
        *((name, str | None, None) for name in AD_TEXTS),
        ("bid_amount", int | None, None),
        *((name, msgspec.Raw, msgspec.Raw(b"null")) for name in AD_RAW),
    ],
    gc=False,
)


async def main(chosen: argparse.Namespace) -> None:
    """Read `total` rows in pages of `limit` each, some pages at once."""
    row, fields, stream = (
        (INSIGHT, [*TEXTS, *WHOLE, *PARTS, *LISTS], "ads_insights")
        if chosen.kind == "insights"
        else (AD, [*AD_TEXTS, "bid_amount", *AD_RAW], "ads")
    )
    page: Any = msgspec.defstruct("Page", [("data", list[row])], gc=False)  # type: ignore[valid-type]
    decoder = msgspec.json.Decoder(page, strict=False)
    encoder = msgspec.json.Encoder(decimal_format="number")
    names = ",".join(fields)
    aiohttp.set_zlib_backend(isal_zlib)
    connector = aiohttp.TCPConnector(limit=AT_ONCE)
    async with aiohttp.ClientSession(chosen.url, connector=connector) as session:
        path = f"/v26.0/act_{ACCOUNT}/ads"
        if chosen.kind == "insights":
            form = {"fields": names, "time_range": f'{{"since":"{chosen.since}","until":"{chosen.until}"}}'}
            async with session.post(f"/v26.0/act_{ACCOUNT}/insights", data=form) as reply:
                path = f"/v26.0/{(await reply.json())['report_run_id']}/insights"
        turn = asyncio.Semaphore(AT_ONCE)

        async def fetch(start: int) -> None:
            params = {"fields": names, "limit": str(chosen.limit), "after": str(start)}
            async with turn, session.get(path, params=params) as reply:
                body = await reply.read()
            now = time.time_ns() // 1_000_000
            rows = decoder.decode(body).data
            lines = [{"type": "RECORD", "record": {"stream": stream, "data": row, "emitted_at": now}} for row in rows]
            os.write(sys.stdout.fileno(), encoder.encode_lines(lines))

        await asyncio.gather(*(fetch(start) for start in range(0, chosen.total, chosen.limit)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("insights", "ads"))
    for option in ("--url", "--since", "--until"):
        parser.add_argument(option, required=True)
    for option in ("--total", "--limit"):
        parser.add_argument(option, type=int, required=True)
    asyncio.run(main(parser.parse_args()))
