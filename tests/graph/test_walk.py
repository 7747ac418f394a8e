"""Walks over scripted edges: to the end, around what is spoiled, never in a circle."""

import json
from typing import Any
from urllib.parse import urlencode

from hypothesis import given
from hypothesis import strategies as st

from facebook_marketing.graph.client import Client, Refusal
from facebook_marketing.graph.walk import Arrived, Dropped, Path, Restarted, Sizes, Spoiled, Step, walk
from facebook_marketing.graph.wire import Call, Endpoint, Reply, Request, Token
from fake_transport import Answer, Scripted, error, ok, query
from virtual import VirtualClock, run

REDUCE = "Please reduce the amount of data you're asking for, then retry your request"


class Edge:
    """A simulated edge of numbered rows: cursors are positions, pages follow `limit`."""

    def __init__(self, count: int, *, heaviest: int = 10_000, spoiled: frozenset[int] = frozenset()) -> None:
        self.count, self.heaviest, self.spoiled = count, heaviest, spoiled
        self.limits: list[int] = []

    def __call__(self, request: Request) -> Answer:
        asked = query(request)
        limit, start = int(asked["limit"]), int(asked.get("after", 0))
        self.limits.append(limit)
        if limit > self.heaviest:
            return error(1, message=REDUCE, status=500)
        end = min(self.count, start + limit)
        fields = asked.get("fields", "").split(",")
        if "object_story_spec" in fields and self.spoiled & set(range(start, end)):
            return error(100, 2446211)
        rows: list[dict[str, Any]] = [
            {"id": str(n)} | ({"object_story_spec": {}} if "object_story_spec" in fields else {})
            for n in range(start, end)
        ]
        return ok(self.page(rows, end))

    def page(self, rows: list[dict[str, Any]], end: int) -> dict[str, Any]:
        cursors = {"before": "x", "after": str(end)}
        if end >= self.count:
            return {"data": rows, "paging": {"cursors": cursors}}
        next_ = f"https://graph.facebook.com/v26.0/act_1/x?{urlencode({'access_token': 'T', 'limit': 5, 'after': end})}"
        return {"data": rows, "paging": {"cursors": cursors, "next": next_}}


def steps(
    transport: Scripted,
    fields: tuple[str, ...] = ("id",),
    size: int = 100,
    learned: Sizes | None = None,
    **path: Any,
) -> list[Step]:
    async def all_steps() -> list[Step]:
        client = Client(Endpoint(Token("t")), transport, VirtualClock(), dice=lambda: 0.5)
        way = Path(Call("act_1/x", account="1"), fields, "x", size, **path)
        return [step async for step in walk(client, way, learned or Sizes())]

    return run(all_steps())


def ids(found: list[Step]) -> list[str]:
    return [row["id"] for step in found if isinstance(step, Arrived) for row in json.loads(step.rows)]


@given(count=st.integers(0, 700), size=st.integers(1, 120), heaviest=st.integers(1, 200))
def test_every_row_arrives_once_whatever_the_page_sizes(count: int, size: int, heaviest: int) -> None:
    found = steps(Scripted(Edge(count, heaviest=heaviest)), size=size)
    assert ids(found) == [str(n) for n in range(count)]


@given(spoiled=st.frozensets(st.integers(0, 59), max_size=6))
def test_spoiled_items_arrive_without_the_spoiling_field_and_all_others_whole(spoiled: frozenset[int]) -> None:
    found = steps(Scripted(Edge(60, spoiled=spoiled)), fields=("id", "object_story_spec"), size=20)
    rows = {row["id"]: row for step in found if isinstance(step, Arrived) for row in json.loads(step.rows)}
    assert list(rows) == [str(n) for n in range(60)]
    assert {int(key) for key, row in rows.items() if "object_story_spec" not in row} == spoiled
    assert sum(isinstance(step, Spoiled) for step in found) == len(spoiled)


def test_an_empty_page_that_has_a_next_is_followed() -> None:
    edge = Edge(4)
    pages = [
        ok(edge.page([{"id": "0"}], 1)),
        ok(edge.page([], 2)),
        ok(edge.page([{"id": "1"}], 4)),
    ]
    assert ids(steps(Scripted(pages))) == ["0", "1"]


def test_a_last_page_with_a_cursor_but_no_next_ends_the_walk() -> None:
    transport = Scripted([ok({"data": [{"id": "0"}], "paging": {"cursors": {"after": "MQ"}}})])
    assert ids(steps(transport)) == ["0"]
    assert len(transport.requests) == 1


def test_paging_written_as_an_empty_list_ends_the_walk() -> None:
    assert ids(steps(Scripted([ok({"data": [], "paging": []})]))) == []


def test_the_next_address_is_never_called_only_its_position_is_taken() -> None:
    elsewhere = "https://evil.example/v26.0/act_1/x?after=7&limit=9999&access_token=STOLEN"
    transport = Scripted([ok({"data": [], "paging": {"next": elsewhere}}), ok({"data": [{"id": "7"}]})])
    assert ids(steps(transport)) == ["7"]
    second = transport.requests[1]
    assert second.url.startswith("https://graph.facebook.com/v26.0/act_1/x?")
    assert query(second) == {"fields": "id", "limit": "100", "after": "7"}


def test_a_next_that_leads_back_to_the_same_page_ends_with_a_refusal() -> None:
    same = "https://graph.facebook.com/v26.0/act_1/x?limit=5&after=3"
    transport = Scripted(lambda _: ok({"data": [{"id": "0"}], "paging": {"next": same}}))
    found = steps(transport)
    assert isinstance(found[-1], Refusal)
    assert len(transport.requests) == 2


def test_a_size_once_too_heavy_is_not_asked_again_at_once_and_creeps_back_later() -> None:
    edge = Edge(4000, heaviest=60)
    learned = Sizes()
    steps(Scripted(edge), learned=learned)
    assert edge.limits[:2] == [100, 50]
    assert edge.limits.count(100) < 6
    edge.heaviest = 10_000
    edge.limits.clear()
    steps(Scripted(edge), learned=learned)
    assert edge.limits[-1] == 100


def test_a_thousand_rows_after_two_hiccups_cost_few_extra_calls() -> None:
    hiccups = iter([True, True])

    class Hiccup(Edge):
        def __call__(self, request: Request) -> Answer:
            return error(1, message=REDUCE, status=500) if next(hiccups, False) else super().__call__(request)

    transport = Scripted(Hiccup(1000))
    assert len(ids(steps(transport))) == 1000
    assert len(transport.requests) <= 25


def test_a_field_that_meta_does_not_know_is_dropped_and_said() -> None:
    def answers(request: Request) -> Answer:
        if "ghost" in query(request)["fields"]:
            return error(100, message="(#100) Tried accessing nonexisting field (ghost) on node type (Campaign)")
        return ok({"data": [{"id": "1"}]})

    found = steps(Scripted(answers), fields=("id", "ghost", "name"))
    assert [step.field for step in found if isinstance(step, Dropped)] == ["ghost"]
    assert ids(found) == ["1"]


def test_fields_that_are_refused_without_being_named_are_found_by_asking_less() -> None:
    closed = {"secret_one", "secret_two"}

    def answers(request: Request) -> Answer:
        fields = set(query(request)["fields"].split(","))
        return error(100, message="(#100) Missing permissions") if fields & closed else ok({"data": [{"id": "1"}]})

    fields = ("id", *(f"f{n}" for n in range(20)), "secret_one", "secret_two")
    transport = Scripted(answers)
    found = steps(transport, fields=fields)
    assert {step.field for step in found if isinstance(step, Dropped)} == closed
    assert ids(found) == ["1"]
    assert len(transport.requests) < 30


def test_an_object_that_is_closed_altogether_ends_the_walk_without_guessing_fields() -> None:
    transport = Scripted(lambda _: error(10, message="(#10) Application does not have permission for this action"))
    found = steps(transport, fields=("id", "name", "status"))
    assert isinstance(found[-1], Refusal)
    assert len(transport.requests) == 2


def test_a_dead_cursor_begins_the_walk_again() -> None:
    edge = Edge(150)
    died = iter([True])

    def answers(request: Request) -> Answer:
        return error(2642) if "after" in query(request) and next(died, False) else edge(request)

    found = steps(Scripted(answers))
    assert sum(isinstance(step, Restarted) for step in found) == 1
    assert set(ids(found)) == {str(n) for n in range(150)}


WHOLE = ("id", "name", "object_story_spec")


class Failing(Edge):
    """An edge that fails, however often it is asked, on pages that would show more of some items than they bear.

    `bare` items show their id alone, `light` ones all but the field that is known to be heavy.
    """

    def __init__(self, count: int, reply: Answer, *, bare: frozenset[int], light: frozenset[int] = frozenset()) -> None:
        super().__init__(count)
        self.reply, self.bare, self.light = reply, bare, light

    def __call__(self, request: Request) -> Answer:
        asked = query(request)
        start = int(asked.get("after", 0))
        page = set(range(start, start + int(asked["limit"])))
        fields = set(asked["fields"].split(","))
        self.limits.append(int(asked["limit"]))
        if (fields != {"id"} and page & self.bare) or ("object_story_spec" in fields and page & self.light):
            return self.reply
        end = min(self.count, start + int(asked["limit"]))
        return ok(self.page([{name: str(n) for name in fields} for n in range(start, end)], end))


REPLIES = {
    "too much": error(1, message=REDUCE, status=500),
    "unknown": error(1, message="An unknown error occurred", status=500),
    "unavailable": error(2, message="Service temporarily unavailable", status=500),
    "half a reply": Reply(200, {}, b'{"data":[{"id":'),
}


@given(
    count=st.integers(1, 60),
    bare=st.frozensets(st.integers(0, 59), max_size=3),
    light=st.frozensets(st.integers(0, 59), max_size=3),
    why=st.sampled_from(sorted(REPLIES)),
    size=st.integers(1, 30),
)
def test_an_item_on_which_meta_fails_costs_itself_alone(
    count: int, bare: frozenset[int], light: frozenset[int], why: str, size: int
) -> None:
    edge = Failing(count, REPLIES[why], bare=bare, light=light - bare)
    found = steps(Scripted(edge), fields=WHOLE, size=size, patches=True)
    rows = {int(row["id"]): set(row) for step in found if isinstance(step, Arrived) for row in json.loads(step.rows)}
    here = range(count)
    assert list(rows) == list(here)
    assert {n for n in rows if rows[n] == {"id"}} == bare & set(here)
    assert {n for n in rows if rows[n] == {"id", "name"}} == (light - bare) & set(here)
    said = {(step.item, step.field) for step in found if isinstance(step, Spoiled)}
    assert said == {(str(n), None) for n in bare & set(here)} | {
        (str(n), "object_story_spec") for n in (light - bare) & set(here)
    }


def test_after_such_an_item_pages_are_whole_again_at_once() -> None:
    edge = Failing(1000, REPLIES["unknown"], bare=frozenset({130}))
    assert len(ids(steps(Scripted(edge), fields=WHOLE, patches=True))) == 1000
    assert edge.limits[-6:] == [100] * 6
    assert len(edge.limits) < 30


def test_an_edge_that_gives_nothing_at_all_is_given_up_without_looking_for_a_culprit() -> None:
    transport = Scripted(lambda _: REPLIES["unavailable"])
    found = steps(transport, fields=WHOLE, patches=True)
    assert [type(step) for step in found] == [Refusal]
    assert len(transport.requests) < 15


@given(spoiled=st.frozensets(st.integers(0, 39), max_size=4))
def test_fields_of_an_object_within_the_rows_are_asked_for_inside_of_it(spoiled: frozenset[int]) -> None:
    class Inside(Edge):
        def __call__(self, request: Request) -> Answer:
            asked = query(request)["fields"]
            assert asked.startswith("creative{")
            assert asked.endswith("}")
            return super().__call__(Request("GET", request.url.replace("creative%7B", "").replace("%7D", ""), {}))

    found = steps(
        Scripted(Inside(40, spoiled=spoiled)), fields=("id", "object_story_spec"), size=8, frame="creative{*}"
    )
    assert ids(found) == [str(n) for n in range(40)]
    assert sum(isinstance(step, Spoiled) for step in found) == len(spoiled)
