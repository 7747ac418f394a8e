"""How much the typed rows cost: decode and encode one page of insights, beside the least that msgspec can do.

The floor decodes into plain structs of the same columns, without a care for what Meta may send, and encodes the same
lines. Run by hand:

.venv/bin/python benchmarks/decode.py
"""

import random
import re
import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from floor import INSIGHT, LISTS, PARTS, TEXTS, WHOLE
from table import show

from facebook_marketing.catalog.reports import custom, presets
from facebook_marketing.catalog.schema import project
from facebook_marketing.catalog.stream import Stream
from facebook_marketing.records import Rows

ROWS, ROUNDS = 500, 25
ACCOUNT = "1234567890123456"
WINDOWS = ("1d_click", "7d_click", "28d_click", "1d_view")
ACTIONS = ("link_click", "landing_page_view", "purchase", "offsite_conversion.fb_pixel_purchase", "post_engagement")
COLUMNS = (*TEXTS, *WHOLE, *PARTS, *LISTS)


class _Record(msgspec.Struct, gc=False):
    stream: str
    data: Any
    emitted_at: int


class _Line(msgspec.Struct, gc=False, tag="RECORD"):
    record: _Record


def _stats(chance: random.Random) -> list[dict[str, str]]:
    entries = []
    for name in ACTIONS[: chance.randint(2, 5)]:
        windows = WINDOWS[: chance.randint(0, 4)]
        counts = {window: str(chance.randint(1, 400)) for window in windows}
        entries.append({"action_type": name, "value": f"{chance.uniform(0, 400):.2f}", **counts})
    return entries


def _row(chance: random.Random, number: int) -> dict[str, Any]:
    ids = dict.fromkeys(TEXTS[:4], f"12021000000{number:07d}")
    texts = {name: f"Spring sale | {name} {number % 97}" for name in TEXTS[6:]}
    return {
        **ids,
        "date_start": "2026-10-01",
        "date_stop": "2026-10-01",
        **texts,
        **{name: str(chance.randint(1, 20_000)) for name in WHOLE},
        **{name: f"{chance.uniform(0, 90):.6f}" for name in PARTS},
        **{name: _stats(chance) for name in LISTS},
    }


def page(*extra: str) -> bytes:
    """A page of insights; `extra` are breakdown columns beside the others."""
    chance = random.Random(1)
    rows = [_row(chance, number) | dict.fromkeys(extra, "feed") for number in range(ROWS)]
    return msgspec.json.encode(rows)


def fastest(*works: Callable[[], object]) -> list[float]:
    """Microseconds a row, the best of some rounds for each work in turn: the rest of the machine can only add."""
    best = [float("inf")] * len(works)
    for _ in range(ROUNDS):
        for place, work in enumerate(works):
            began = time.perf_counter()
            work()
            best[place] = min(best[place], time.perf_counter() - began)
    return [seconds / ROWS * 1e6 for seconds in best]


def floor_of(extra: Sequence[str]) -> Callable[[bytes], list[Any]]:
    """A plain decoder of the same columns."""
    struct = INSIGHT
    if extra:
        struct = msgspec.defstruct(
            "Split", [(n, str | None, None) for n in extra], bases=(INSIGHT,), omit_defaults=True
        )
    decoder = msgspec.json.Decoder(list[struct], strict=False)  # type: ignore[valid-type]  # made at run time
    return decoder.decode


def measure(stream: Stream, content: bytes, extra: Sequence[str] = ()) -> list[float]:
    """Microseconds a row: floor decode, floor encode, our decode, our encode."""
    encode = msgspec.json.Encoder(decimal_format="number").encode_lines
    plain = floor_of(extra)
    rows = Rows(stream)

    def lines(items: Sequence[Any]) -> list[_Line]:
        return [_Line(_Record(stream.name, item, 1)) for item in items]

    theirs, ours = plain(content), rows.decode(content, ACCOUNT).rows
    if len(ours) != ROWS or bytes(encode(ours)).count(b"\n") != ROWS:
        raise SystemExit("rows were lost: the figures would mean nothing")
    return fastest(
        lambda: plain(content),
        lambda: encode(lines(theirs)),
        lambda: rows.decode(content, ACCOUNT),
        lambda: encode(lines(ours)),
    )


def main() -> None:
    """Print the table."""
    whole = presets()[0]
    chosen = project(whole, COLUMNS)
    split = ("publisher_platform", "platform_position", "impression_device")
    broken = re.sub(rb'"ctr":"[0-9.]+"', b'"ctr":"NaN"', page(), count=1)
    cases = (
        ("the page's columns", chosen, page(), ()),
        ("every column of ads_insights", whole, page(), ()),
        ("by platform and device", custom("by_device", fields=COLUMNS, breakdowns=split), page(*split), split),
        ("one cell cannot be read", chosen, broken, ()),
    )
    table = []
    for name, stream, content, extra in cases:
        decode, encode, our_decode, our_encode = measure(stream, content, extra)
        times = (our_decode + our_encode) / (decode + encode)
        figures = [f"{figure:.1f}" for figure in (decode, encode, our_decode, our_encode)]
        table.append((name, f"{len(content) / ROWS / 1000:.1f}", *figures, f"{times:.2f}"))
    head = ("µs a row", "kB", "floor decode", "floor encode", "decode", "encode", "times the floor")
    show("benchmarks/decode.py", head, table)


if __name__ == "__main__":
    main()
