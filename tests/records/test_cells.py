"""One cell at a time: what can be read, and what must become null and be said."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from facebook_marketing.catalog.reports import custom
from facebook_marketing.catalog.stream import Stream
from facebook_marketing.catalog.streams import entity
from facebook_marketing.records import Nulled, Rows, rfc3339

REPORT = custom("r", fields=("impressions", "spend", "actions", "video_play_curve_actions", "results"))
NO_NUMBERS = (
    *("", " ", "NONE", "none", "null", "NULL", "NaN", "nan", "-NaN", "sNaN", "NaN12", "N_aN", " nan ", "nan\u2003"),
    *("inf", "Inf", "+inf", "-Infinity", "INFINITY", "I_nf", "1,5", "1.2.3", "12%", "€5", "0x10", "1e", "--1", "true"),
)
encode = msgspec.json.Encoder(decimal_format="number").encode


def cell(stream: Stream, name: str, raw: str) -> tuple[Any, tuple[Nulled, ...]]:
    """The cell, and what was said, of a page in which another row is fine."""
    page = f'[{{"{name}":null}},{{"{name}":{raw}}}]'
    decoded = Rows(stream).decode(page.encode(), "7")
    return getattr(decoded.rows[1], name), decoded.nulled


@pytest.mark.parametrize("name", ("spend", "impressions"))
@pytest.mark.parametrize("text", NO_NUMBERS)
def test_a_text_that_is_no_number_becomes_null_and_is_said(name: str, text: str) -> None:
    assert cell(REPORT, name, msgspec.json.encode(text).decode()) == (None, (Nulled(1, name),))


@pytest.mark.parametrize("name", ("spend", "impressions"))
@pytest.mark.parametrize(
    "raw", ("true", "false", "{}", "[]", '["1"]', '{"value":"1"}', r'"\u004ea\u004e"', r'"nul\u006C"')
)
def test_a_value_of_another_type_becomes_null_and_is_said(name: str, raw: str) -> None:
    assert cell(REPORT, name, raw) == (None, (Nulled(1, name),))


@pytest.mark.parametrize(
    "raw",
    (
        *(
            "0",
            "-0.00",
            "519.544921",
            "1.50",
            "1.066667",
            "1E-7",
            "1e400",
            "120210000000000123",
            "18446744073709551616",
        ),
        *("0.1000000000000000055511151231257827", "9" * 60, "-" + "8" * 40 + ".7"),
    ),
)
def test_a_number_keeps_every_digit_sent_as_text_or_as_a_number(raw: str) -> None:
    for sent in (raw, f'"{raw}"', f'" {raw}"'):
        value, said = cell(REPORT, "spend", sent)
        assert (str(value).lower(), said) == (str(Decimal(raw)).lower(), ())


@pytest.mark.parametrize("form", ("{}", '"{}"', '"{}.0"', "{}.00", '"+{}"', '" {}"', "{}e0"))
@pytest.mark.parametrize("value", (5, 2**53 - 1, 2**53 + 1, 2**64, 10**30 + 1))
def test_a_whole_number_is_exact_however_it_is_written(form: str, value: int) -> None:
    assert cell(REPORT, "impressions", form.format(value)) == (value, ())


@pytest.mark.parametrize("raw", ("12.5", '"0.5"', "1e-3", "1e999999999", "9" * 5000, f'"{"9" * 5000}"'))
def test_what_is_no_whole_number_of_this_world_is_not_forced_into_one(raw: str) -> None:
    assert cell(REPORT, "impressions", raw) == (None, (Nulled(1, "impressions"),))


@pytest.mark.parametrize("raw", ("true", "1", '"1"', '"true"', '"TRUE"'))
def test_true_has_many_forms(raw: str) -> None:
    assert cell(entity("ad_sets"), "is_dynamic_creative", raw) == (True, ())


@pytest.mark.parametrize("raw", ("false", "0", '"0"', '"false"'))
def test_false_has_many_forms(raw: str) -> None:
    assert cell(entity("ad_sets"), "is_dynamic_creative", raw) == (False, ())


@pytest.mark.parametrize("raw", ("2", '"yes"', '""', '"null"', "1.5", "{}"))
def test_what_is_neither_true_nor_false_is_null_and_said(raw: str) -> None:
    assert cell(entity("ad_sets"), "is_dynamic_creative", raw) == (None, (Nulled(1, "is_dynamic_creative"),))


@pytest.mark.parametrize(
    ("raw", "text"),
    (
        ("120210000000000123", "120210000000000123"),
        ("1.50", "1.50"),
        ("true", "true"),
        ('{"id":"1"}', '{"id":"1"}'),
        ("[]", "[]"),
        ('"null"', "null"),
        ('"NaN"', "NaN"),
        (r'"caf\u00e9 \/ \ud83c\udf5e"', "café / 🍞"),
    ),
)
def test_text_is_what_was_sent_whatever_its_type(raw: str, text: str) -> None:
    assert cell(entity("campaigns"), "name", raw) == (text, ())


@pytest.mark.parametrize(
    ("raw", "line"),
    (
        ('[{"value":"NaN","1d_click":"1"}]', '[{"value":null,"1d_click":1}]'),
        ('[{"value":"1"},{"value":["1"]}]', '[{"value":1},{"value":null}]'),
        ('[null,{"value":"1"},5]', '[{"value":1}]'),
        ('[{"value":""}]', '[{"value":null}]'),
        ('{"value":"1"}', "null"),
        ('"none"', "null"),
    ),
)
def test_what_cannot_be_read_inside_a_list_is_said_and_the_rest_is_kept(raw: str, line: str) -> None:
    value, said = cell(REPORT, "actions", raw)
    assert (encode(value).decode(), said) == (line, (Nulled(1, "actions"),))


@pytest.mark.parametrize(
    ("raw", "line"),
    (
        ('[{"value":["1","x",null]}]', '[{"value":[1,null,null]}]'),
        ('[{"value":"5"}]', '[{"value":null}]'),
        ('[{"value":["NaN"]}]', '[{"value":[null]}]'),
    ),
)
def test_a_histogram_loses_only_the_number_that_cannot_be_read(raw: str, line: str) -> None:
    value, said = cell(REPORT, "video_play_curve_actions", raw)
    assert (encode(value).decode(), said) == (line, (Nulled(1, "video_play_curve_actions"),))


def test_a_result_loses_only_the_value_that_cannot_be_read() -> None:
    raw = '[{"indicator":"reach","values":[{"value":"-"},{"value":"2"}]}]'
    value, said = cell(REPORT, "results", raw)
    assert encode(value) == b'[{"indicator":"reach","values":[{"value":null},{"value":2}]}]'
    assert said == (Nulled(1, "results"),)


def test_a_text_key_of_an_action_sent_as_a_number_stays_text() -> None:
    stream = custom("r", fields=("actions",), action_breakdowns=("action_target_id",))
    value, said = cell(stream, "actions", '[{"action_target_id":120210000000000123,"value":1}]')
    assert (encode(value), said) == (b'[{"action_target_id":"120210000000000123","value":1}]', ())


NEAR_NUMBERS = st.text(st.sampled_from('nNaAiIfFtTyYsSuUlLeE0123456789+-_.,% \u2003\u00a0\uff11"\\/'), max_size=12)


@given(text=st.one_of(st.text(), NEAR_NUMBERS), escaped=st.booleans(), name=st.sampled_from(("spend", "impressions")))
@example(text="N_a_N", escaped=True, name="spend")
@example(text="\u3000-Infinity\u3000", escaped=False, name="spend")
def test_no_text_is_a_number_unless_it_says_one(text: str, escaped: bool, name: str) -> None:  # noqa: FBT001
    try:
        number = Decimal(text)
    except ArithmeticError:
        number = Decimal("nan")
    raw = msgspec.json.encode(text).decode()
    if escaped:
        raw = '"' + "".join(f"\\u{unit:04x}" for unit in _utf16(text)) + '"'
    value, said = cell(REPORT, name, raw)
    if not number.is_finite() or (name == "impressions" and number != number.to_integral_value()):
        assert (value, said) == (None, (Nulled(1, name),))
    elif name == "spend" or number.adjusted() < 4000:
        assert (value, said) == (number, ())


def _utf16(text: str) -> list[int]:
    units = text.encode("utf-16-be")
    return [int.from_bytes(units[place : place + 2]) for place in range(0, len(units), 2)]


@pytest.mark.parametrize(
    ("sent", "moment"),
    (
        ("2026-01-31T12:00:00-0700", "2026-01-31T12:00:00-07:00"),
        ("2026-01-31T12:00:00+0000", "2026-01-31T12:00:00+00:00"),
        ("2026-07-01T00:30:00+0545", "2026-07-01T00:30:00+05:45"),
        ("2026-01-31T12:00:00-07:00", "2026-01-31T12:00:00-07:00"),
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"),
        ("2026-01-31t12:00:00z", "2026-01-31T12:00:00Z"),
        ("2026-01-31T12:00:00.123456+0100", "2026-01-31T12:00:00.123456+01:00"),
        ("2023-01-19t20:38:59 0000", "2023-01-19T20:38:59+00:00"),
        ("2023-01-19 20:38:59 +0100", "2023-01-19T20:38:59+01:00"),
        ("1970-01-01T00:00:00+0000", "1970-01-01T00:00:00+00:00"),
        ("1969-12-31T16:00:00-0800", "1969-12-31T16:00:00-08:00"),
    ),
)
def test_a_moment_becomes_rfc_3339(sent: str, moment: str) -> None:
    assert rfc3339(sent) == moment
    assert cell(entity("campaigns"), "updated_time", f'"{sent}"') == (moment, ())


@pytest.mark.parametrize(
    "sent",
    (
        *("", "0", "1769900000", "2026-01-31", "2026-01-31T12:00:00", "yesterday", "0000-00-00T00:00:00+0000"),
        *("2026-02-30T12:00:00+0100", "2026-01-31T25:00:00+0100", "2026-01-31T12:00:00+9900"),
        *("20260131T120000.000-0700", "2026-W05-6T12:00:00-0700", "2026-01-31T12:00:00-0700\\n"),
    ),
)
def test_what_is_no_moment_is_null_and_said(sent: str) -> None:
    assert cell(entity("campaigns"), "updated_time", f'"{sent}"') == (None, (Nulled(1, "updated_time"),))


ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(timezones=ZONES))
def test_every_moment_survives(moment: datetime) -> None:
    sent = moment.replace(microsecond=0)
    text = f"{sent.year:04d}{sent.strftime('-%m-%dT%H:%M:%S%z')}"
    assert rfc3339(text) == sent.isoformat()
