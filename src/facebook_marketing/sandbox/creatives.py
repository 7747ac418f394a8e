"""Ad creatives of every sort: link, carousel, video, dynamic asset feed, an existing post, a product catalogue."""

from dataclasses import dataclass
from typing import Final

from .accounts import Account
from .chance import Dice, salt
from .ids import object_id, plain_id
from .size import Size

__all__ = ["BROKEN", "Card", "CreativePlan", "creative_row", "image_hash", "make_creative"]

Row = dict[str, object]

BROKEN: Final = "__broken"
"""Private key of a row: the name of the field that cannot be read for this object (Meta answers 100/2446211)."""

_SORTS: Final = (("link", 40), ("carousel", 18), ("video", 22), ("dynamic", 12), ("post", 4), ("catalog", 4))
_BODIES: Final = ("Spring sale is on.", "New in", "Fresh for spring", "Für alle – jetzt entdecken", "Back in stock")
_TITLES: Final = ("Up to 50 %", "Look", "Only this week", "Free delivery")
_NOTES: Final = ("from 19 EUR", "while stocks last")
_PRODUCTS: Final = ("Shoes", "Jacket", "Bag", "Scarf", "Watch", "Socks")
_CALLS: Final = ("SHOP_NOW", "LEARN_MORE", "SIGN_UP", "GET_OFFER")
_TYPES: Final = {
    "link": "SHARE",
    "carousel": "SHARE",
    "video": "VIDEO",
    "dynamic": "SHARE",
    "post": "STATUS",
    "catalog": "SHARE",
}
_OLD_STATUS: Final = (("ACTIVE", 88), ("IN_PROCESS", 2), ("WITH_ISSUES", 3), ("DELETED", 7))


@dataclass(frozen=True, slots=True)
class Card:
    """One card of a carousel."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class CreativePlan:
    """What never changes about a creative. Assets are those between which delivery is split."""

    index: int
    id: str
    sort: str
    name: str
    status: str
    broken: bool
    images: tuple[str, ...]
    videos: tuple[str, ...]
    bodies: tuple[str, ...]
    titles: tuple[str, ...]
    notes: tuple[str, ...]
    link: str
    call: str
    page: str
    post: str
    cards: tuple[Card, ...]


def image_hash(account: Account, index: int) -> str:
    """Return the 32 hexadecimal digits of an image."""
    return Dice("image", account.id, index).hexadecimal(32)


def make_creative(seed: int, account: Account, size: Size, index: int) -> CreativePlan:
    """Draw the creative at that place."""
    dice = Dice(seed, account.id, "creative", index)
    sort = dice.weighted(_SORTS) if index >= len(_SORTS) else _SORTS[index][0]  # small accounts have one of each
    if sort == "video" and not size.videos:
        sort = "link"
    many = sort == "dynamic"
    link = f"https://example.com/{dice.pick(('sale', 'new', 'shoes', 'b%C3%BCcher'))}/{index + 1}"
    cards = dice.between(2, 5) if sort == "carousel" else 0
    images = dice.between(2, 4) if many else cards or int(sort in {"link", "catalog"})
    return CreativePlan(
        index=index,
        id=object_id("creative", account.number, index + 1, 2e9),
        sort=sort,
        name=f"{sort.title()} {index + 1} {dice.hexadecimal(4)}",
        status=dice.weighted(_OLD_STATUS),
        broken=index % 61 == 17,  # noqa: PLR2004 - a few fixed places
        images=_images(dice, account, size, images),
        videos=_videos(dice, account, size, 1 if sort == "video" else int(many and dice.hit(40))),
        bodies=_texts(dice, _BODIES, 3 if many else 1),
        titles=_texts(dice, _TITLES, 2 if many else 1),
        notes=_texts(dice, _NOTES, 1),
        link=link,
        call=dice.pick(_CALLS),
        page=dice.pick(account.pages),
        post=plain_id("post", account.number, index + 1),
        cards=tuple(
            Card(plain_id("card", account.number, index * 10 + place), _PRODUCTS[place % len(_PRODUCTS)])
            for place in range(cards)
        ),
    )


def _images(dice: Dice, account: Account, size: Size, count: int) -> tuple[str, ...]:
    if not size.images:
        return ()
    used = -(-size.images * 4 // 5)  # every fifth image is in no creative
    first = dice.below(used)
    return tuple(image_hash(account, (first + place) % used) for place in range(min(count, used)))


def _videos(dice: Dice, account: Account, size: Size, count: int) -> tuple[str, ...]:
    if not size.videos:
        return ()
    return tuple(plain_id("video", account.number, dice.below(size.videos)) for _ in range(count))


def _texts(dice: Dice, texts: tuple[str, ...], count: int) -> tuple[str, ...]:
    first = dice.below(len(texts))
    return tuple(texts[(first + place) % len(texts)] for place in range(count))


def creative_row(plan: CreativePlan, account: Account) -> Row:
    """Return every field of a creative that has a value."""
    row: Row = {
        "id": plan.id,
        "account_id": account.id,
        "name": plan.name,
        "status": plan.status,
        "actor_id": plan.page,
        "object_type": _TYPES[plan.sort],
        "effective_object_story_id": f"{plan.page}_{plan.post}",
        "effective_instagram_media_id": plain_id("media", account.number, plan.index + 1),
        "instagram_user_id": plain_id("instagram", account.number, 1),
        "instagram_permalink_url": f"https://www.instagram.com/p/E{plan.index:06x}/",
        "thumbnail_id": plain_id("asset", account.number, plan.index),
        "thumbnail_url": _thumbnail(plan),
        "enable_direct_install": False,
        "enable_launch_instant_app": False,
        "use_page_actor_override": False,
        **_SHAPES[plan.sort](plan),
    }
    if plan.index % 3:
        row["url_tags"] = "utm_source=facebook&utm_campaign={{campaign.name}}"
        row["degrees_of_freedom_spec"] = {
            "creative_features_spec": {
                "image_touchups": {"enroll_status": "OPT_IN"},
                "text_optimizations": {"enroll_status": "OPT_OUT"},
            }
        }
    if plan.broken:
        row[BROKEN] = "object_story_spec"
    return row


def _thumbnail(plan: CreativePlan) -> str:
    mark = f"{salt('thumbnail', plan.id):016x}"
    return f"https://scontent.xx.fbcdn.net/v/t45.1600-4/{mark}_n.jpg?stp=dst-jpg_p64x64&oh={mark[:8]}&oe=69F00000"


def _action(plan: CreativePlan) -> Row:
    return {"type": plan.call, "value": {"link": plan.link}}


def _text(plan: CreativePlan) -> Row:
    return {"call_to_action_type": plan.call, "body": plan.bodies[0], "title": plan.titles[0]}


def _link(plan: CreativePlan) -> Row:
    story: Row = {
        "link": plan.link,
        "message": plan.bodies[0],
        "name": plan.titles[0],
        "call_to_action": _action(plan),
    }
    row: Row = {"object_story_spec": {"page_id": plan.page, "link_data": story}, **_text(plan)}
    if plan.images:
        story["image_hash"] = plan.images[0]
        row["image_hash"] = plan.images[0]
        row["image_url"] = f"https://scontent.xx.fbcdn.net/v/t45.1600-4/{plan.images[0]}_n.jpg?oh=SIG&oe=69F00000"
    return row


def _carousel(plan: CreativePlan) -> Row:
    cards = [
        {
            "link": f"{plan.link}/{place}",
            "name": card.name,
            "description": plan.notes[0],
            **({"image_hash": plan.images[place % len(plan.images)]} if plan.images else {}),
            "call_to_action": {"type": plan.call, "value": {"link": f"{plan.link}/{place}"}},
        }
        for place, card in enumerate(plan.cards)
    ]
    story: Row = {
        "link": plan.link,
        "message": plan.bodies[0],
        "multi_share_end_card": True,
        "child_attachments": cards,
        "call_to_action": {"type": plan.call},
    }
    return {"object_story_spec": {"page_id": plan.page, "link_data": story}, **_text(plan)}


def _video(plan: CreativePlan) -> Row:
    story: Row = {
        "video_id": plan.videos[0],
        "message": plan.bodies[0],
        "title": plan.titles[0],
        "image_url": "https://scontent.xx.fbcdn.net/v/t15.5256-10/example.jpg",
        "call_to_action": _action(plan),
    }
    return {"video_id": plan.videos[0], "object_story_spec": {"page_id": plan.page, "video_data": story}, **_text(plan)}


def _dynamic(plan: CreativePlan) -> Row:
    feed: Row = {
        "images": [{"hash": picture} for picture in plan.images],
        "bodies": [{"text": text} for text in plan.bodies],
        "titles": [{"text": text} for text in plan.titles],
        "descriptions": [{"text": text} for text in plan.notes],
        "link_urls": [{"website_url": plan.link}],
        "call_to_action_types": [plan.call],
        "ad_formats": ["SINGLE_IMAGE"],
        "optimization_type": "REGULAR",
    }
    if plan.videos:
        feed["videos"] = [
            {"video_id": plan.videos[0], "thumbnail_url": "https://scontent.xx.fbcdn.net/v/t15.5256-10/example.jpg"}
        ]
    return {"asset_feed_spec": feed, "object_story_spec": {"page_id": plan.page}}


def _post(plan: CreativePlan) -> Row:
    return {"object_story_id": f"{plan.page}_{plan.post}", "source_facebook_post_id": plan.post, "body": plan.bodies[0]}


def _catalog(plan: CreativePlan) -> Row:
    story: Row = {
        "link": plan.link,
        "message": plan.bodies[0],
        "name": "{{product.name}}",
        "description": "{{product.price}}",
        "call_to_action": {"type": plan.call},
    }
    return {
        "object_story_spec": {"page_id": plan.page, "template_data": story},
        "product_set_id": "7001000000000001",
        "template_url": plan.link,
        **_text(plan),
    }


_SHAPES: Final = {
    "link": _link,
    "carousel": _carousel,
    "video": _video,
    "dynamic": _dynamic,
    "post": _post,
    "catalog": _catalog,
}
