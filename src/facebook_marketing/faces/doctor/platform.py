"""Findings about Meta's side: the API version and its days to live, the clock, the app's tier and present usage."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from email.utils import parsedate_to_datetime

from facebook_marketing.catalog.versions import API_VERSIONS, NEWEST, SOON_DAYS, SOURCE
from facebook_marketing.clock import Clock
from facebook_marketing.faces.doctor.findings import Finding, fail, ok, warn
from facebook_marketing.graph.budget import APP, Meter
from facebook_marketing.graph.client import Key
from facebook_marketing.graph.transport import Transport
from facebook_marketing.graph.wire import Reply, Request

_VERSION_HEADER, _UPGRADE_HEADER = "facebook-api-version", "x-ad-api-version-warning"
_SKEW_WARN, _SKEW_FAIL = 60.0, 3600.0
_LIMITED = "development_access"
_HOT = 100.0


@dataclass(frozen=True, slots=True)
class Overheard:
    """What replies say beside their bodies. `skew` is Meta's clock less ours, in seconds; None: no Date came."""

    skew: float | None = None
    served: str = ""
    upgrade: str = ""


class Listening:
    """A Transport that notes Meta's clock and the version that serves us, and carries on."""

    def __init__(self, transport: Transport, clock: Clock) -> None:
        self._transport = transport
        self._clock = clock
        self.heard = Overheard()

    async def send(self, request: Request) -> Reply:
        """Carry the request; the first reply with a Date says how far the clocks are apart."""
        asked = self._clock.now()
        reply = await self._transport.send(request)
        heard, headers = self.heard, reply.headers
        middle = (asked + self._clock.now()) / 2
        self.heard = Overheard(
            heard.skew if heard.skew is not None else _skew(headers.get("date", ""), middle),
            headers.get(_VERSION_HEADER, heard.served),
            headers.get(_UPGRADE_HEADER, heard.upgrade),
        )
        return reply

    async def close(self) -> None:
        """Let the connections go."""
        await self._transport.close()


def _skew(said: str, ours: float) -> float | None:
    try:
        return parsedate_to_datetime(said).timestamp() - ours
    except (ValueError, TypeError):
        return None


def of_clock(heard: Overheard) -> Finding:
    """How far this machine's clock is from Meta's. Days, look-backs and expiries are told by it."""
    if heard.skew is None:
        return ok("clock.skew", "Meta's replies say no time: this machine's clock is taken for right.")
    apart = round(heard.skew)
    text = f"This machine's clock is {abs(apart)} s {'behind' if apart > 0 else 'ahead of'} Meta's."
    mend = "Set the clock, best by NTP: which day is today, and what is due, is told by it."
    if abs(heard.skew) >= _SKEW_FAIL:
        return fail("clock.skew", text, mend, facts={"seconds": apart})
    if abs(heard.skew) >= _SKEW_WARN:
        return warn("clock.skew", text, mend, facts={"seconds": apart})
    return ok("clock.skew", f"This machine's clock is Meta's, to {max(1, abs(apart))} s.", facts={"seconds": apart})


def of_version(asked: str, heard: Overheard, today: date) -> Iterator[Finding]:
    """The version's days to live by Meta's table, and whether another one serves us."""
    yield _life(asked, today)
    if heard.upgrade or (heard.served and heard.served != asked):
        said = heard.upgrade or f"Meta serves {heard.served} though {asked} is asked for."
        yield warn(
            "version.served",
            said,
            f"Set api_version to {NEWEST.name}: fields may differ.",
            facts={"served": heard.served},
        )
    elif heard.served:
        yield ok("version.served", f"Meta serves {heard.served}, as asked.", facts={"served": heard.served})


def _life(asked: str, today: date) -> Finding:
    version, mend = API_VERSIONS.get(asked), f"Set api_version to {NEWEST.name}."
    if version is None:
        text = f"{asked} is not in our table of versions ({SOURCE}): how long it lives is uncertain."
        return warn("version.life", text, f"{mend} Or update this program.")
    if version.dies is None:
        text = f"{asked}: Meta has announced no end yet (uncertain; {SOURCE})."
        return ok("version.life", text, facts={"dies": None})
    left = (version.dies - today).days
    facts = {"dies": str(version.dies), "days_left": left}
    if left <= 0:
        return warn("version.life", f"{asked} has ended on {version.dies} ({SOURCE}).", mend, facts=facts)
    text = f"{asked} lives until {version.dies}, {left} days more ({SOURCE})."
    return warn("version.life", text, mend, facts=facts) if left < SOON_DAYS else ok("version.life", text, facts=facts)


def of_quota(meters: Mapping[Key, Meter], share: float) -> Iterator[Finding]:
    """The app's tier, and how much of each quota is used at present."""
    tiers = {meter.tier for meter in meters.values() if meter.tier}
    if _LIMITED in tiers:
        yield warn(
            "app.tier",
            "The app has limited (development) access: a score of 60 calls in five minutes for each account.",
            "Ask for full access in Meta's app review; until then read few streams, and not often.",
            facts={"tier": _LIMITED},
        )
    elif tiers:
        yield ok("app.tier", "The app has full (standard) access.", facts={"tier": min(tiers)})
    else:
        yield ok("app.tier", "Meta's replies do not say which access the app has.", facts={"tier": None})
    yield _usage(meters, share)


def _usage(meters: Mapping[Key, Meter], share: float) -> Finding:
    used = {key: meter.percent for key, meter in meters.items() if meter.percent > 0}
    top = max(used.items(), key=lambda row: row[1], default=None)
    facts = {_named(key): percent for key, percent in sorted(used.items())}
    if top is None:
        return ok("app.usage", "No quota is in use at present.")
    text = f"Highest use of a quota at present: {top[1]:g} % ({_named(top[0])})."
    if top[1] >= _HOT:
        return warn("app.usage", text, "Wait: a sync begun now waits too, as long as Meta says.", facts=facts)
    if top[1] >= 100 * share:
        return warn(
            "app.usage", text, "Other programs use this quota too: sync at another hour, or less often.", facts=facts
        )
    return ok("app.usage", text, facts=facts)


def _named(key: Key) -> str:
    whose = "the app" if key[0] == APP else f"account {key[0]}"
    return f"{whose}, {key[1]}" if key[1] else whose
