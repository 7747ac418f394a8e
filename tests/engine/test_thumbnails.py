"""Pictures of creatives: fetched without a token, and never at the cost of a row."""

import asyncio
import base64
import json

from facebook_marketing.catalog.streams import entity
from facebook_marketing.config import load
from facebook_marketing.engine.order import Selected
from facebook_marketing.faces.reading import run_engine
from facebook_marketing.graph.wire import Reply, Request
from fake_transport import Answer, Scripted, broken, ok
from list_sink import ListSink
from virtual import VirtualClock, run

PICTURE = b"\xff\xd8picture"


def creatives(count: int) -> Reply:
    return ok({"data": [{"id": str(n), "thumbnail_url": f"https://cdn.example/{n}.jpg"} for n in range(count)]})


def read(transport: Scripted, **settings: object) -> ListSink:
    credentials = {"auth_type": "Service", "access_token": "tok"}
    config = load({"account_ids": ["1"], "credentials": credentials, **settings}, {}).config
    sink = ListSink()
    selected = [Selected(entity("ad_creatives"))]
    run(run_engine(config, selected, {}, sink, transport=transport, clock=VirtualClock()))
    return sink


def serving(picture: Answer, count: int = 3) -> Scripted:
    return Scripted(lambda request: picture if "cdn.example" in request.url else creatives(count))


def test_a_thumbnail_becomes_a_data_url() -> None:
    sink = read(serving(Reply(200, {"content-type": "image/jpeg"}, PICTURE)), fetch_thumbnail_images=True)
    expected = f"data:image/jpeg;base64,{base64.b64encode(PICTURE).decode()}"
    assert [row["thumbnail_data_url"] for row in sink.rows("ad_creatives")] == [expected] * 3


def test_no_picture_is_fetched_unless_it_is_asked_for() -> None:
    transport = serving(Reply(200, {}, PICTURE))
    read(transport)
    assert len(transport.requests) == 1


def test_the_host_of_the_pictures_gets_no_token() -> None:
    transport = serving(Reply(200, {}, PICTURE))
    read(transport, fetch_thumbnail_images=True)
    for request in transport.requests:
        if "cdn.example" in request.url:
            assert "tok" not in json.dumps(dict(request.headers)) + request.url


def test_a_picture_that_cannot_be_had_leaves_the_row_and_is_said() -> None:
    for answer in (Reply(404, {}, b""), Reply(500, {}, b""), broken()):
        sink = read(serving(answer), fetch_thumbnail_images=True)
        assert [row["thumbnail_data_url"] for row in sink.rows("ad_creatives")] == [None] * 3
        assert sink.changes == [("ad_creatives", "thumbnail_data_url", "SOURCE_RETRIEVAL_ERROR")] * 3


def test_a_picture_beyond_the_size_cap_is_left_out() -> None:
    sink = read(serving(Reply(200, {}, b"x" * 2_000_000), 1), fetch_thumbnail_images=True)
    assert sink.rows("ad_creatives")[0]["thumbnail_data_url"] is None


def test_pictures_come_few_at_a_time() -> None:
    class Slow(Scripted):
        async def send(self, request: Request) -> Reply:
            if "cdn.example" in request.url:
                self.under_way += 1
                self.most_under_way = max(self.most_under_way, self.under_way)
                await asyncio.sleep(1)
                self.under_way -= 1
            return await super().send(request)

    transport = Slow(lambda request: Reply(200, {}, PICTURE) if "cdn" in request.url else creatives(40))
    read(transport, fetch_thumbnail_images=True)
    assert transport.most_under_way == 8
