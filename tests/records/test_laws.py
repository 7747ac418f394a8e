"""Laws over random rows of random streams, held against a slow reading of the same page."""

import json
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facebook_marketing.catalog.reports import custom, presets
from facebook_marketing.catalog.stream import Kind
from facebook_marketing.catalog.streams import ENTITIES
from facebook_marketing.records import Rows
from records import reference
from records.reference import Num

ACCOUNT = "1503900000000042"
CATALOGUE = (
    *ENTITIES,
    *presets(),
    custom("assets", breakdowns=("image_asset", "body_asset"), fields=("spend", "actions")),
    custom("asked", fields=("objective_results", "cost_per_result", "spend"), windows=("default", "7d_click")),
    custom("both", fields=("objective_results", "results")),
    custom("flags", fields=("spend",), breakdowns=("is_auto_advance", "postback_sequence_index", "country")),
    custom(
        "hours",
        fields=("video_play_curve_actions", "impressions"),
        breakdowns=("hourly_stats_aggregated_by_advertiser_time_zone",),
    ),
)
STREAMS = {stream.name: stream for stream in CATALOGUE}
UNKNOWN = ("brand_new", "geo-markets", "geo_markets", "1d_new", "class", "__init__", "", "é", "results")
encode = msgspec.json.Encoder(decimal_format="number").encode

digits = st.text("0123456789", min_size=1, max_size=22).map(lambda text: text.lstrip("0") or "0")
tokens = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(("", "", "-")),
    digits,
    st.just("") | st.text("0123456789", min_size=1, max_size=9).map(".{}".format),
    st.sampled_from(("", "", "", "e3", "E-2", "e+1")),
)
odd_texts = st.sampled_from(
    ("", "NONE", "null", "NaN", "-inf", "1,5", "Conan 2", "finance", "info", "N_aN", "a/b", "2026-01-31", "+5", "0")
)
texts = st.text(st.characters(codec="utf-8"), max_size=8).filter(
    lambda text: text.isascii() or not text.strip().isdigit()
)
words = odd_texts | texts.filter(lambda text: reference.NUMBER.fullmatch(text) is None and "_" not in text) | tokens
moments = st.datetimes(timezones=st.just(None)).map(
    lambda at: f"{at.replace(microsecond=0, tzinfo=None).isoformat()}+0530"
)
scalars = st.none() | st.booleans() | tokens.map(Num) | tokens | words | moments
free = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
entries = st.lists(
    st.dictionaries(
        st.sampled_from(
            ("action_type", "action_device", "value", "1d_click", "28d_view", "indicator", "values", "new")
        ),
        scalars | st.lists(scalars, max_size=3) | st.lists(st.dictionaries(st.just("value"), scalars), max_size=2),
        max_size=4,
    )
    | scalars,
    max_size=3,
)
whole = tokens.filter(lambda token: Decimal(token) == Decimal(token).to_integral_value())
good: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.STRING: texts,
    Kind.DATE: st.dates().map(str),
    Kind.DATETIME: moments,
    Kind.INTEGER: whole | whole.map(Num),
    Kind.NUMBER: tokens | tokens.map(Num),
    Kind.BOOLEAN: st.booleans(),
    Kind.JSON: free,
    Kind.STATS: entries,
    Kind.HISTOGRAM: entries,
    Kind.RESULTS: entries,
}


Page = tuple[str, list[dict[str, Any]]]


@st.composite
def pages(draw: st.DrawFn, names: tuple[str, ...] = tuple(STREAMS)) -> Page:
    """A stream's name, and rows with some of its columns: mostly good values, some bad, some keys unknown."""
    name = draw(st.sampled_from(names))
    stream = STREAMS[name]
    kinds = {column.name: column.kind for column in stream.columns}
    rows = []
    for _ in range(draw(st.integers(0, 3))):
        chosen = draw(st.lists(st.sampled_from(list(kinds)), unique=True, max_size=6))
        row = {key: draw(good[kinds[key]] | free) for key in chosen}
        if draw(st.booleans()):
            row |= draw(st.dictionaries(st.sampled_from(UNKNOWN), free, max_size=2))
        rows.append(row)
    return name, rows


def canonical(value: Any) -> Any:
    """JSON inside of text may be written with escapes or without."""
    match value:
        case dict():
            return {key: canonical(cell) for key, cell in value.items()}
        case list():
            return [canonical(one) for one in value]
        case str() if value[:1] in {"[", "{"}:
            try:
                return reference.dumps(reference.loads(value))
            except ValueError:
                return value
        case _:
            return value


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(pages(), st.booleans(), st.booleans())
def test_the_reader_agrees_with_a_slow_reading(
    page: Page,
    ascii_only: bool,  # noqa: FBT001
    slashes: bool,  # noqa: FBT001
) -> None:
    stream, rows = STREAMS[page[0]], page[1]
    sent = reference.dumps(rows, ascii_only=ascii_only, slashes=slashes)
    decoded = Rows(stream).decode(sent.encode(), ACCOUNT)
    expected = [reference.row(stream, ACCOUNT, row) for row in reference.loads(sent)]
    left = [json.loads(encode(row), parse_float=Decimal, parse_int=Decimal) for row in decoded.rows]
    assert canonical(left) == canonical([row for row, _ in expected])
    said = {(one.row, one.field) for one in decoded.nulled}
    assert said == {(number, name) for number, (_, names) in enumerate(expected) for name in names}


@given(st.lists(tokens, min_size=1, max_size=5), st.booleans())
def test_digits_are_conserved(numbers: list[str], as_text: bool) -> None:  # noqa: FBT001
    sent = [number if as_text else Num(number) for number in numbers]
    rows = [{"spend": one, "actions": [{"action_type": "x", "value": one, "1d_click": one}]} for one in sent]
    decoded = Rows(custom("r", fields=("spend", "actions"))).decode(reference.dumps(rows).encode(), ACCOUNT)
    for number, row in zip(numbers, decoded.rows, strict=True):
        left = json.loads(encode(row), parse_float=str, parse_int=str)
        texts_left = (left["spend"], left["actions"][0]["value"], left["actions"][0]["1d_click"])
        assert {Decimal(text) for text in texts_left} == {Decimal(number)}
        assert {_digits(text) for text in texts_left} == {_digits(number)}


def _digits(number: str) -> str:
    """Its significant digits, zeros at the end too: 1.50 is not 1.5."""
    return "".join(map(str, Decimal(number).as_tuple().digits))


@settings(max_examples=50)
@given(st.lists(pages(("ads_insights",)), max_size=4))
def test_what_came_before_changes_nothing_of_a_page(seen: list[Page]) -> None:
    stream = STREAMS["ads_insights"]
    rows = Rows(stream)
    for _, page in seen:
        sent = reference.dumps(page).encode()
        after, alone = rows.decode(sent, ACCOUNT), Rows(stream).decode(sent, ACCOUNT)
        assert [msgspec.json.decode(encode(row)) for row in after.rows] == [
            msgspec.json.decode(encode(row)) for row in alone.rows
        ]
        assert after.nulled == alone.nulled
