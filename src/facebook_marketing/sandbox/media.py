"""Images and videos: uploads that creatives show."""

from collections.abc import Sequence
from typing import Final

from .accounts import Account
from .chance import Dice
from .creatives import CreativePlan, image_hash
from .ids import plain_id
from .zones import DAY, wire_time

__all__ = ["image_row", "image_users", "next_upload", "video_row"]

Row = dict[str, object]

_SHAPES: Final = ((1080, 1080), (1200, 628), (1080, 1920), (600, 600))
_NAMES: Final = ("shoes.jpg", "banner.png", "untitled", "team.jpg", "sommer_ü.jpg")
_HISTORY_DAYS: Final = 1_100
_GAP_DAYS: Final = 160


def _course(dice: Dice, created: float, anchor: float, now: float) -> tuple[float, float]:
    """Return when a thing was last touched up to `now`, and when it will be touched next."""
    updated = created + (anchor - created) * dice.between(0, 900) / 1000
    upcoming = anchor + dice.between(3_600, _GAP_DAYS * DAY)
    while upcoming <= now:
        updated = upcoming
        upcoming += dice.between(3_600, _GAP_DAYS * DAY)
    return updated, upcoming


def next_upload(account: Account, kind: str, count: int, anchor: float, now: float) -> float:
    """Return the moment after `now` at which the first of so many images or videos is touched again."""
    return min(
        (_course(Dice(kind, account.id, place), anchor, anchor, now)[1] for place in range(count)), default=float("inf")
    )


def image_users(creatives: Sequence[CreativePlan]) -> dict[str, list[str]]:
    """Return, for each image hash, the ids of the creatives that show it."""
    users: dict[str, list[str]] = {}
    for plan in creatives:
        for picture in dict.fromkeys(plan.images):
            users.setdefault(picture, []).append(plan.id)
    return users


def image_row(account: Account, place: int, anchor: float, now: float, users: dict[str, list[str]]) -> Row:
    """Return an image: `hash`, sizes, status, links that expire and one that lasts."""
    dice = Dice("image", account.id, place)
    picture = image_hash(account, place)
    facts = Dice("image facts", account.id, place)
    created = anchor - facts.between(1, _HISTORY_DAYS) * DAY - facts.below(DAY)
    updated, _ = _course(dice, created, anchor, now)
    width, height = facts.pick(_SHAPES)
    shown = users.get(picture, [])
    row: Row = {
        "id": f"{account.id}:{picture}",
        "account_id": account.id,
        "hash": picture,
        "name": facts.pick(_NAMES),
        "status": "ACTIVE" if shown or facts.hit(40) else "DELETED",
        "height": height,
        "width": width,
        "original_height": height,
        "original_width": width,
        "is_associated_creatives_in_adgroups": bool(shown),
        "created_time": wire_time(created, account.timezone),
        "updated_time": wire_time(updated, account.timezone),
        "permalink_url": f"https://www.facebook.com/ads/image/?d=AQ{picture[:12]}",
    }
    if shown:
        row["creatives"] = list(shown)
    if row["status"] == "ACTIVE":
        base = f"https://scontent.xx.fbcdn.net/v/t45.1600-4/{picture}_n.jpg"
        row["url"] = f"{base}?oh={picture[:8]}&oe=69F00000"
        row["url_128"] = f"{base}?stp=p128x128&oh={picture[:8]}&oe=69F00000"
    return row


def _frame(width: int, height: int, label: str) -> Row:
    return {
        "filter": label,
        "embed_html": (
            '<iframe src="https://www.facebook.com/plugins/video.php?href=example" '
            f'width="{width}" height="{height}"></iframe>'
        ),
        "width": width,
        "height": height,
        "picture": f"https://scontent.xx.fbcdn.net/v/t15.5256-10/example{width}.jpg",
    }


def _phases(dice: Dice, published: str) -> Row:
    if dice.hit(4):
        return {
            "video_status": "processing",
            "uploading_phase": {"status": "complete"},
            "processing_phase": {"status": "in_progress"},
        }
    return {
        "video_status": "ready",
        "uploading_phase": {"status": "complete"},
        "processing_phase": {"status": "complete"},
        "publishing_phase": {"status": "complete", "publish_status": "published", "publish_time": published},
    }


def video_row(account: Account, place: int, anchor: float, now: float) -> Row:
    """Return a video. Its times are in UTC, and `account_id` is not among its fields."""
    dice = Dice("video", account.id, place)
    facts = Dice("video facts", account.id, place)
    created = anchor - facts.between(1, _HISTORY_DAYS) * DAY - facts.below(DAY)
    updated, _ = _course(dice, created, anchor, now)
    video, page = plain_id("video", account.number, place), account.pages[0]
    length = facts.between(600, 6_000) / 100
    return {
        "id": video,
        "title": f"Film {place + 1} {round(length)}s",
        "description": "Film for the season",
        "length": length,
        "created_time": wire_time(created),
        "updated_time": wire_time(updated),
        "published": True,
        "embeddable": True,
        "is_crosspost_video": False,
        "is_crossposting_eligible": False,
        "is_episode": False,
        "is_instagram_eligible": True,
        "is_reference_only": False,
        "spherical": False,
        "icon": "https://static.xx.fbcdn.net/rsrc.php/v3/example.gif",
        "picture": f"https://scontent.xx.fbcdn.net/v/t15.5256-10/{video}.jpg",
        "permalink_url": f"/{page}/videos/{video}/",
        "source": f"https://video.xx.fbcdn.net/v/t42.1790-2/{video}.mp4?oh=SIG&oe=69F00000",
        "content_category": "OTHER",
        "embed_html": _frame(1080, 1080, "native")["embed_html"],
        "from": {"id": page, "name": account.name},
        "privacy": {
            "allow": "",
            "deny": "",
            "description": "Public",
            "friends": "",
            "networks": "",
            "value": "EVERYONE",
        },
        "status": _phases(facts, wire_time(created + 191)),
        "format": [_frame(130, 130, "130x130"), _frame(1080, 1080, "native")],
        "views": 0 if facts.hit(40) else facts.below(90_000),
        "post_views": 0,
    }
