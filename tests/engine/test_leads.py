"""Leads: read from the ads that may have some, each once, their answers veiled, none lost while time goes on."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from facebook_marketing.sandbox import Options
from facebook_marketing.sandbox.faults import Fault, Match, Then
from facebook_marketing.sandbox.world import Size
from syncing import ACCOUNT, Site, Synced

SIZE = Size(campaigns=12, adsets=36, ads=160, creatives=160, images=2, videos=1, activities=5)
HIDDEN = {"ARCHIVED", "DELETED"}
PERSONAL = re.compile(r"@example\.com|Test Person|202-555", re.IGNORECASE)


def site(*faults: Fault, **options: Any) -> Site:
    return Site(Options(**{"size": SIZE, "faults": faults, "empty_pages": False, **options}))


def read(place: Site, state: dict[str, Any] | None = None, **settings: Any) -> Synced:
    return place.sync(["leads"], state, include_leads=True, **settings)


def held(place: Site, *, of_ads: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """The leads of ads that stand at the sandbox now."""
    rows = place.sandbox.world.holdings(ACCOUNT).leads()
    return [dict(row) for row in rows if "ad_id" in row and (of_ads is None or row["ad_id"] in of_ads)]


def ids(rows: Iterable[dict[str, Any]]) -> list[str]:
    return sorted(row["id"] for row in rows)


def lead_ads(place: Site) -> list[str]:
    """Ads with leads, those with most first."""
    return [ad for ad, _ in Counter(row["ad_id"] for row in held(place)).most_common()]


def test_without_the_setting_there_is_no_such_stream() -> None:
    place = site()
    assert "leads" not in place.streams()
    assert "leads" in place.streams(include_leads=True)


def test_every_lead_of_every_ad_is_read_with_its_answers_hashed_and_the_harmless_ones_as_they_are() -> None:
    place = site()
    synced = read(place, leads_plain_fields=["What_are_you_looking_for?"])
    truth = {row["id"]: row for row in held(place)}
    rows = {row["id"]: row for row in synced.sink.rows("leads")}
    assert rows.keys() == truth.keys()
    assert len(rows) > 40
    for key, row in rows.items():
        (name, email, phone, country, question) = row["field_data"]
        (full_name, address, number, *harmless) = truth[key]["field_data"]
        assert [country, question] == harmless
        assert name["values"] == [hashlib.sha256(full_name["values"][0].lower().encode()).hexdigest()]
        assert email["values"] == [hashlib.sha256(address["values"][0].strip().lower().encode()).hexdigest()]
        digits = re.sub(r"\D", "", number["values"][0])
        assert phone["values"] == [hashlib.sha256(digits.encode()).hexdigest()]
    assert synced.outcome.failures == ()
    assert synced.sink.gaps() == []


@pytest.mark.parametrize("veil", ("hashed", "dropped"))
def test_no_answer_stands_in_rows_gaps_states_or_logs(veil: str, caplog: pytest.LogCaptureFixture) -> None:
    place = site()
    place.sandbox.faults.replace([Fault(Match(path=f"^{lead_ads(place)[0]}/leads"), Then(error="leads_retrieval"))])
    with caplog.at_level("DEBUG"):
        synced = read(place, leads_personal_fields=veil)
    assert synced.sink.rows("leads")
    assert synced.sink.gaps()
    everything = json.dumps(synced.sink.log, default=str) + str(synced.sink.events) + caplog.text
    assert PERSONAL.search(everything) is None
    assert PERSONAL.search(json.dumps(read(place, leads_personal_fields="plain").sink.log, default=str))


def test_leads_of_archived_and_deleted_ads_are_read_too() -> None:
    place = site(seed=3)
    node = place.sandbox.world.node(f"act_{ACCOUNT}")
    assert node is not None
    hidden = [str(ad["id"]) for ad in place.sandbox.world.edge(node, "ads") or () if ad["effective_status"] in HIDDEN]
    wanted = held(place, of_ads=hidden)
    assert wanted
    assert set(ids(wanted)) <= set(ids(read(place).sink.rows("leads")))


def test_where_meta_lists_no_deleted_ads_the_others_are_read_and_that_is_said() -> None:
    synced = read(site(refuse_deleted_filter=True))
    (gap,) = synced.sink.gaps()
    assert "deleted ads" in gap.text
    assert len(synced.sink.rows("leads")) > 30
    assert synced.sink.statuses("leads")[-1] == "COMPLETE"


def test_only_ads_that_may_have_leads_are_asked_fifty_in_a_request() -> None:
    place = site()
    before = place.sandbox.requests
    synced = read(place)
    asked = [call for call in synced.calls if call.edge == "leads"]
    world = place.sandbox.world
    node = world.node(f"act_{ACCOUNT}")
    assert node is not None
    campaigns = world.edge(node, "campaigns") or ()
    for_leads = {row["id"] for row in campaigns if row["objective"] in {"OUTCOME_LEADS", "LEAD_GENERATION"}}
    ads = world.edge(node, "ads") or ()
    assert sorted(call.path.partition("/")[0] for call in asked) == sorted(
        str(ad["id"]) for ad in ads if ad["campaign_id"] in for_leads
    )
    assert len(asked) < len(ads) / 2
    assert place.sandbox.requests - before <= 3 + len(asked) / 25
    assert {call.use_case for call in asked} == {"leadgen"}


def test_the_next_sync_reads_what_came_since_and_no_more() -> None:
    place = site()
    first = read(place)
    assert read(place, first.sink.states()).sink.rows("leads") == []
    place.now.days += 2.5
    second = read(place, first.sink.states())
    assert ids(first.sink.rows("leads") + second.sink.rows("leads")) == ids(
        {row["id"]: row for row in [*held(place), *first.sink.rows("leads")]}.values()
    )
    assert 0 < len(second.sink.rows("leads")) < len(first.sink.rows("leads"))
    since = [json.loads(call.params["filtering"]) for call in second.calls if call.edge == "leads"]
    assert all(filters[0]["field"] == "time_created" for filters in since)


@pytest.mark.parametrize("moves", (2, 3, 4))
def test_a_lead_that_comes_under_an_ad_that_was_asked_already_is_not_lost(moves: int) -> None:
    """Two days pass between two requests of a sync, so that later ads show newer leads than earlier ones did."""
    place = site(size=Size(campaigns=3, adsets=30, ads=400, creatives=40, images=1, videos=1, activities=1))
    sent = 0

    def before(_: object) -> None:
        nonlocal sent
        sent += 1
        place.now.days += 2 if sent == moves else 0

    place.before = before
    first = read(place)
    place.before = None
    second = read(place, first.sink.states())
    assert ids(first.sink.rows("leads") + second.sink.rows("leads")) == ids(held(place))


def test_a_start_date_leaves_out_older_leads() -> None:
    place = site()
    rows = read(place, start_date="2026-10-15").sink.rows("leads")
    assert ids(rows) == ids(row for row in held(place) if row["created_time"] >= "2026-10-15")
    assert rows


def test_a_token_without_the_permission_ends_the_stream_with_one_gap_that_names_it() -> None:
    place = site()
    synced = read(place, credentials={"auth_type": "Service", "access_token": "no-leads-token"})
    (gap,) = synced.sink.gaps()
    assert (gap.code, gap.verdict, gap.account) == (200, "permission", ACCOUNT)
    assert "needs leads_retrieval" in gap.text
    assert synced.sink.statuses("leads")[-1] == "COMPLETE"
    assert synced.outcome.failures == ()
    later = read(place, synced.sink.states())
    assert ids(later.sink.rows("leads")) == ids(held(place)), "what was closed is still due"


def test_an_ad_whose_page_is_closed_is_a_gap_and_is_read_when_it_opens() -> None:
    place = site()
    closed = lead_ads(place)[0]
    plan = Fault(Match(path=f"^{closed}/leads"), Then(error="leads_retrieval"))
    place.sandbox.faults.replace([plan])
    first = read(place)
    (gap,) = first.sink.gaps()
    assert (gap.entity, gap.code) == (closed, 200)
    assert ids(first.sink.rows("leads")) == ids(row for row in held(place) if row["ad_id"] != closed)
    place.sandbox.faults.replace([])
    second = read(place, first.sink.states())
    assert ids(second.sink.rows("leads")) == ids(held(place, of_ads=[closed]))
    assert read(place, second.sink.states()).sink.rows("leads") == []


def test_an_ad_that_is_gone_is_a_gap_and_does_not_hold_the_cursor_back() -> None:
    place = site()
    gone = lead_ads(place)[0]
    place.sandbox.faults.replace([Fault(Match(path=f"^{gone}/leads"), Then(error="object_missing"))])
    synced = read(place)
    (gap,) = synced.sink.gaps()
    assert (gap.entity, gap.code, gap.subcode) == (gone, 100, 33)
    assert synced.sink.statuses("leads")[-1] == "COMPLETE"
    assert synced.sink.states()["leads"][ACCOUNT]["created_time"] >= "2026-11"


def test_a_field_that_meta_refuses_is_left_out_of_all_of_them() -> None:
    message = "(#100) Tried accessing nonexisting field (retailer_item_id) on node type (Lead)"
    place = site(
        *(Fault(Match(path="/leads", batch=batch, nth=1), Then(code=100, message=message)) for batch in (True, False))
    )
    synced = read(place)
    assert {gap.field for gap in synced.sink.gaps()} == {"retailer_item_id"}
    assert ids(synced.sink.rows("leads")) == ids(held(place))
    assert "retailer_item_id" not in [c for c in synced.calls if c.edge == "leads"][-1].params["fields"]


@pytest.mark.parametrize(
    "then",
    (
        Then(null_batch_entry=True),
        Then(error="transient"),
        Then(error="reduce_data"),
        Then(error="buc_leadgen"),
        Then(truncate=20),
        Then(html=True),
        Then(text='{"paging":{}}'),
    ),
    ids=("null", "transient", "heavy", "throttled", "cut", "html", "without data"),
)
def test_what_goes_wrong_for_a_while_loses_nothing_and_repeats_nothing(then: Then) -> None:
    place = site(Fault(Match(path="/leads", every=3), then, times=6), empty_pages=True)
    synced = read(place)
    assert ids(synced.sink.rows("leads")) == ids(held(place))
    assert synced.outcome.failures == ()


def test_what_lasts_fails_the_stream_and_the_next_sync_reads_it_all() -> None:
    place = site()
    place.sandbox.faults.replace([Fault(Match(path=f"^{lead_ads(place)[-1]}/leads"), Then(error="transient"))])
    first = read(place)
    assert first.sink.statuses("leads")[-1] == "INCOMPLETE"
    assert {failure.kind for failure in first.outcome.failures} == {"transient_error"}
    assert "leads" not in first.sink.states()
    place.sandbox.faults.replace([])
    assert ids(read(place, first.sink.states()).sink.rows("leads")) == ids(held(place))


def test_pages_of_one_lead_give_the_same_leads() -> None:
    place = site(empty_pages=True)
    assert ids(read(place, page_size=1).sink.rows("leads")) == ids(held(place))


def test_ids_that_come_as_numbers_and_ads_without_an_objective_are_read() -> None:
    place = site()
    ad = lead_ads(place)[0]
    listing = json.dumps(
        {"data": [{"id": int(ad)}, {"objective": "?"}, {"id": "5", "campaign": {"objective": "REACH"}}]}
    )
    place.sandbox.faults.replace([Fault(Match(edge="ads"), Then(text=listing))])
    synced = read(place)
    assert ids(synced.sink.rows("leads")) == ids(held(place, of_ads=[ad]))


def test_two_accounts_keep_their_own_cursors() -> None:
    place = site(accounts=2)
    synced = read(place)
    accounts = {row["account_id"] for row in synced.sink.rows("leads")}
    assert accounts == set(place.sandbox.world.accounts)
    assert synced.sink.states()["leads"].keys() == {*accounts, "version"}
