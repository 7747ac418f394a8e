"""A sink that does not ask what is gone is not told, and nothing is spent on it."""

from engine.test_missing import ENTITIES, site_of
from facebook_marketing.engine.door import Present, Swept


def test_no_call_and_no_word_is_spent_on_sweeps_that_nobody_wants() -> None:
    site = site_of()
    first = site.sync([*ENTITIES, "ad_creatives", "images"])
    state = first.sink.states()
    site.now.days += 30
    second = site.sync(ENTITIES, state)
    assert not [event for sync in (first, second) for event in sync.sink.events if isinstance(event, Present | Swept)]
    assert [call for sync in (first, second) for call in sync.calls if call.params.get("fields") == "id"] == []
