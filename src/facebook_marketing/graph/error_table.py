"""Every error that Meta is known to give: what it means, what we do about it, what is left to the user. Pure.

ONE table of (code, subcode, text) with the source of each row, read from above: the first row that fits decides. Codes
after Meta's error reference, insights error codes, OAuth and rate-limiting pages; rows marked *seen* are from public
reports of people who called the API. Text decides only where Meta gives one code to several things. The page
docs/errors.md is written from these rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What the caller does next. Matched exhaustively."""

    RETRY = "the same again after a pause"
    THROTTLE_ACCOUNT = "this account (and use case) waits, everybody else goes on"
    THROTTLE_APP = "the whole app waits"
    SHRINK = "a smaller page"
    SPLIT = "a smaller report"
    DROP_FIELD = "the same without the refused field"
    POISONED_ITEM = "one item spoils the page: read around it"
    RESTART_WALK = "the page walk from its beginning"
    SKIP_NODE = "leave this object out"
    STOP_STREAM = "this stream cannot be read as asked"
    STOP_ACCOUNT = "this account cannot be read"
    STOP = "nothing can be read: the token, the app or the setting is at fault"


OURS: Mapping[Kind, str] = {
    Kind.RETRY: "We ask again, with growing pauses. If it lasts, the stream is INCOMPLETE and the next sync goes on.",
    Kind.THROTTLE_ACCOUNT: "This account waits for as long as Meta's headers say; all others go on.",
    Kind.THROTTLE_APP: "Every account waits: the limit is the app's.",
    Kind.SHRINK: "We ask for half the rows from the same place on, and for more again once that goes well.",
    Kind.SPLIT: "We divide the report: by days, then by entities, then by fields.",
    Kind.DROP_FIELD: "We leave the refused field out, read all the rest, and record the gap.",
    Kind.POISONED_ITEM: "We read around it: that one object comes without the field, and the gap is recorded.",
    Kind.RESTART_WALK: "We begin the walk over the pages again; rows that came before do not come twice.",
    Kind.SKIP_NODE: "An account is left out and named, the others are read; a report run is made again.",
    Kind.STOP_STREAM: "This stream of this account ends as INCOMPLETE; all others are read.",
    Kind.STOP_ACCOUNT: "This account's streams end as INCOMPLETE; the other accounts are read.",
    Kind.STOP: "We stop: nothing else could be read either. What was delivered before stays.",
}
"""What we do by ourselves, where a row says nothing else."""

ALONE = frozenset(
    {Kind.RETRY, Kind.THROTTLE_ACCOUNT, Kind.THROTTLE_APP, Kind.SHRINK, Kind.SPLIT, Kind.RESTART_WALK},
)
"""What time or a smaller question mends: nothing for the user to do."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: when it fits, what it means, what the reader of the message does.

    `code` None fits every code; `until` makes the row one for all codes from `code` to it. `text` is a regular
    expression that is searched in Meta's message, `shown` how the page quotes it. `note` is what we do by ourselves
    where that is not the usual for its kind.
    """

    code: int | None
    subcode: int | None
    kind: Kind
    meaning: str
    mend: str
    source: str
    text: str = ""
    shown: str = ""
    until: int | None = None
    note: str = ""

    @property
    def name(self) -> str:
        """How the page and the messages call it: `190/463`, `80000`, `200 to 299`."""
        code = "any" if self.code is None else str(self.code)
        tail = f"/{self.subcode}" if self.subcode is not None else f" to {self.until}" if self.until is not None else ""
        return f"{code}{tail}"

    @property
    def ours(self) -> str:
        """What we do about it by ourselves."""
        return self.note or OURS[self.kind]


_RIGHTS = (
    "Give the token ads_read (and business_management for owner fields), "
    "and its user at least the ANALYZE task on the account."
)
_HIDDEN = "Check account_ids, and that the token's user has a role on the account."
_RECONNECT = "Make a new access token (a system user's token does not expire) and put it into the configuration."
_WAIT = "Nothing to do: we wait as long as Meta says and go on. A lower quota_share keeps further away from the limit."
_SMALLER = "Nothing to do: we ask for less at a time."
_AGAIN = "Nothing to do: we try again."
_SETTING = "Correct the report's fields, breakdowns or filters in the configuration."
_LOGIN = "Begin the login again, and finish it within ten minutes in one go."
_APP = "Correct client_id and client_secret: they are the app's id and secret in Meta's app dashboard."
_WRITES = "Nothing to do here: this program only reads. Another program of the same app has met the limit."

DOC = "Meta: error reference"
DOC_INS = "Meta: insights error codes"
DOC_RATE = "Meta: rate limiting"
DOC_LOGIN = "Meta: login and access tokens"
SEEN = "seen"

_ACCOUNT = "The account has had too many calls"

RULES: tuple[Rule, ...] = (
    Rule(
        None,
        4841013,
        Kind.THROTTLE_ACCOUNT,
        "Throttling of an app with limited access, dressed as a permission error.",
        _WAIT,
        SEEN,
    ),
    Rule(None, 4841018, Kind.THROTTLE_ACCOUNT, "Throttling of an app with limited access.", _WAIT, SEEN),
    Rule(1, 2853001, Kind.STOP, "The profile is not linked to its delegate page.", "Choose a business account.", SEEN),
    Rule(1, 99, Kind.RETRY, "Unknown error at Meta.", _AGAIN, SEEN),
    Rule(
        1,
        None,
        Kind.STOP,
        "The app's secret is wrong.",
        _APP,
        SEEN,
        "^Error validating client secret",
        "Error validating client secret.",
    ),
    Rule(1, None, Kind.SHRINK, "Too much data asked for, or an unknown error.", _SMALLER, SEEN),
    Rule(2, 1504038, Kind.SPLIT, "The report timed out.", _SMALLER, DOC_INS),
    Rule(2, 1504041, Kind.STOP_STREAM, "These breakdowns do not go together.", _SETTING, DOC_INS),
    Rule(2, 1504042, Kind.STOP_STREAM, "A custom metric is invalid.", _SETTING, DOC_INS),
    Rule(2, 1504043, Kind.RETRY, "The report failed by chance.", "Nothing to do: we run it again.", DOC_INS),
    Rule(
        2,
        1504044,
        Kind.SPLIT,
        "The report failed for no known reason.",
        "Nothing to do: we run it smaller.",
        DOC_INS,
        note="Once may be chance: we run it again. Twice is a field or an entity: we look for it and read around it.",
    ),
    Rule(2, None, Kind.RETRY, "Meta is unavailable for the moment.", _AGAIN, DOC),
    Rule(-2, 2490547, Kind.RETRY, "The report failed.", "Nothing to do: we run it again.", DOC_INS),
    Rule(-2, None, Kind.RETRY, "The report failed.", "Nothing to do: we run it again.", DOC_INS),
    Rule(-3, 1504045, Kind.SPLIT, "The report is too large for Meta.", _SMALLER, DOC_INS),
    Rule(-3, None, Kind.SPLIT, "The report is too large for Meta.", _SMALLER, DOC_INS),
    Rule(
        3, None, Kind.DROP_FIELD, "The app may not read a field.", "Ask Meta for the capability, or leave it out.", SEEN
    ),
    Rule(4, 1504022, Kind.THROTTLE_APP, "The app has asked for too many insights.", _WAIT, DOC_RATE),
    Rule(4, 1504039, Kind.THROTTLE_APP, "Meta's insights are under heavy load from everybody.", _WAIT, DOC_RATE),
    Rule(4, None, Kind.THROTTLE_APP, "The app has made too many calls.", _WAIT, DOC_RATE),
    Rule(10, None, Kind.DROP_FIELD, "The app has no permission for this.", _RIGHTS, DOC),
    Rule(17, 2446079, Kind.THROTTLE_ACCOUNT, "The account has had too many calls.", _WAIT, DOC_RATE),
    Rule(17, 1885172, Kind.THROTTLE_ACCOUNT, "The spend cap was changed too often.", _WRITES, DOC_RATE),
    Rule(17, None, Kind.THROTTLE_ACCOUNT, "The account has had too many calls.", _WAIT, DOC_RATE),
    Rule(32, None, Kind.THROTTLE_ACCOUNT, "The page has had too many calls.", _WAIT, DOC_RATE),
    Rule(100, 33, Kind.SKIP_NODE, "The object does not exist or is hidden from the token.", _HIDDEN, SEEN),
    Rule(100, 1487534, Kind.SPLIT, "Too much data in one insights call.", _SMALLER, DOC),
    Rule(100, 1504018, Kind.SPLIT, "The insights call timed out.", _SMALLER, SEEN),
    Rule(100, 2446289, Kind.STOP_ACCOUNT, "The account cannot be used.", "Do what Meta's message says.", SEEN),
    Rule(100, 2446211, Kind.POISONED_ITEM, "One creative's object_story_spec cannot be read.", _RIGHTS, SEEN),
    Rule(100, 1443048, Kind.POISONED_ITEM, "One creative's page is gone or closed to the token.", _RIGHTS, SEEN),
    Rule(100, 1487390, Kind.STOP_STREAM, "This filter is not supported.", _SETTING, SEEN),
    Rule(100, 3191001, Kind.STOP_ACCOUNT, "The token may not read insights.", _RIGHTS, DOC),
    Rule(100, 36007, Kind.STOP, "The login's code has expired.", _LOGIN, SEEN),
    Rule(
        100,
        36008,
        Kind.STOP,
        "The login's redirect address is not the one that it began with, or the app's secret is wrong.",
        f"Use the same redirect address in both steps. {_APP}",
        SEEN,
    ),
    Rule(100, 36009, Kind.STOP, "The login's code was used before.", _LOGIN, SEEN),
    Rule(
        100,
        None,
        Kind.RETRY,
        "The report is not quite ready.",
        _AGAIN,
        SEEN,
        "^(\\(#100\\) )?Cannot include ",
        "Cannot include … in summary param",
    ),
    Rule(
        100,
        None,
        Kind.RETRY,
        "The report is not quite ready.",
        _AGAIN,
        SEEN,
        "nonexisting summary field",
        "Tried accessing nonexisting summary field (x)",
    ),
    Rule(
        100,
        None,
        Kind.DROP_FIELD,
        "Meta does not know a field.",
        "Leave it out, or change api_version.",
        SEEN,
        "nonexisting field",
        "Tried accessing nonexisting field (x) on node type (…)",
    ),
    Rule(
        100,
        None,
        Kind.DROP_FIELD,
        "Meta does not know a field.",
        _SETTING,
        SEEN,
        "not valid for fields param",
        "x is not valid for fields param",
    ),
    Rule(
        100,
        None,
        Kind.DROP_FIELD,
        "The token may not read a field.",
        _RIGHTS,
        SEEN,
        "[Mm]issing [Pp]ermission",
        "Missing permissions",
    ),
    Rule(
        100,
        None,
        Kind.DROP_FIELD,
        "The token may not read a field.",
        _RIGHTS,
        SEEN,
        "^Unsupported request - method type: get",
        "Unsupported request - method type: get",
    ),
    Rule(
        100,
        None,
        Kind.DROP_FIELD,
        "Reach by breakdown has a quota of ten old reports a day.",
        _WAIT,
        DOC,
        "^(\\(#100\\) )?Reach-related",
        "Reach-related metric breakdowns are unavailable",
    ),
    Rule(
        100,
        None,
        Kind.STOP_STREAM,
        "These breakdowns do not go together.",
        f"{_SETTING} The combinations that Meta takes stand in docs/reports.md.",
        SEEN,
        "combination of data breakdown columns",
        "Current combination of data breakdown columns (…) is invalid",
    ),
    Rule(
        100,
        None,
        Kind.STOP_STREAM,
        "Meta does not know a breakdown.",
        _SETTING,
        SEEN,
        "not valid for breakdowns param|dma breakdown is no longer",
        "x is not valid for breakdowns param",
    ),
    Rule(
        100,
        None,
        Kind.STOP_STREAM,
        "This filter is not supported.",
        _SETTING,
        SEEN,
        "Filtering field '.*' (with operation '.*' )?is not supported",
        "Filtering field 'x' is not supported",
    ),
    Rule(
        100,
        None,
        Kind.STOP,
        "The app secret's proof is wrong or missing.",
        "Set client_secret and use_appsecret_proof.",
        DOC,
        "appsecret_proof",
        "Invalid appsecret_proof provided in the API argument",
    ),
    Rule(100, None, Kind.STOP_STREAM, "Meta does not take the request as it is.", _SETTING, DOC),
    Rule(101, None, Kind.STOP, "Meta does not know the app.", _APP, SEEN),
    Rule(102, None, Kind.STOP, "The session of the access token has ended.", _RECONNECT, DOC),
    Rule(104, None, Kind.STOP, "There is no access token.", _RECONNECT, SEEN),
    Rule(190, 458, Kind.STOP, "The access token is dead: its user has removed the app.", _RECONNECT, DOC),
    Rule(
        190, 459, Kind.STOP, "Facebook holds the user at a checkpoint.", "Log in on facebook.com, then try again.", DOC
    ),
    Rule(190, 460, Kind.STOP, "The access token is dead: its user's password has changed.", _RECONNECT, DOC),
    Rule(190, 463, Kind.STOP, "The access token is dead: it has expired.", _RECONNECT, DOC),
    Rule(
        190,
        464,
        Kind.STOP,
        "The access token's user is not confirmed.",
        "Confirm the user's e-mail address or phone number on facebook.com, then try again.",
        DOC,
    ),
    Rule(190, 467, Kind.STOP, "The access token is dead: its user has logged out.", _RECONNECT, DOC),
    Rule(190, 492, Kind.STOP, "The access token's user has no sufficient role on the page.", _RIGHTS, DOC),
    Rule(190, None, Kind.STOP, "The access token is dead or wrong.", _RECONNECT, DOC),
    Rule(191, None, Kind.STOP, "The redirect address is not allowed.", "Add it in the app's settings.", SEEN),
    Rule(194, None, Kind.STOP_STREAM, "A required parameter is missing.", _SETTING, DOC),
    Rule(
        200,
        None,
        Kind.DROP_FIELD,
        "The token may not read a field of this object.",
        _RIGHTS,
        SEEN,
        "Requires business_management",
        "Requires business_management permission to manage the object",
    ),
    Rule(
        270, None, Kind.STOP_ACCOUNT, "The app has only development access.", "Ask for full access in app review.", DOC
    ),
    Rule(294, None, Kind.STOP_ACCOUNT, "The token lacks the ads permission.", _RIGHTS, DOC),
    Rule(200, None, Kind.STOP_ACCOUNT, "The token may not read this account.", _RIGHTS, DOC, until=299),
    Rule(341, None, Kind.THROTTLE_APP, "The app has reached a limit for the moment.", _WAIT, DOC),
    Rule(368, None, Kind.STOP_ACCOUNT, "Meta has blocked the user for policies.", "Follow Meta's message.", DOC),
    Rule(506, None, Kind.STOP_STREAM, "The same post was made twice.", _WRITES, DOC),
    Rule(613, 1487742, Kind.THROTTLE_ACCOUNT, f"{_ACCOUNT}.", _WAIT, DOC_RATE),
    Rule(613, 1996, Kind.THROTTLE_ACCOUNT, "The app's calls come in sudden bursts.", _WAIT, DOC_RATE),
    Rule(613, 5044001, Kind.THROTTLE_ACCOUNT, "Too many changes a second.", _WRITES, DOC_RATE),
    Rule(613, 1487632, Kind.THROTTLE_ACCOUNT, "An ad set's budget was changed too often.", _WRITES, DOC_RATE),
    Rule(613, 1487225, Kind.THROTTLE_ACCOUNT, "Too many ads were made at once.", _WRITES, DOC_RATE),
    Rule(
        613,
        None,
        Kind.THROTTLE_ACCOUNT,
        "Reports with some custom metrics have a quota of five every six hours.",
        f"{_WAIT} If the report is not needed so often, give it a longer time_increment, or leave out custom metrics.",
        SEEN,
        "Custom Analytics metrics",
        "Custom Analytics metrics exceeded the rate limit",
    ),
    Rule(613, None, Kind.THROTTLE_ACCOUNT, "A special rate limit was reached.", _WAIT, DOC_RATE),
    Rule(803, None, Kind.STOP_ACCOUNT, "There is no such account.", "Check account_ids: digits only.", SEEN),
    Rule(960, None, Kind.RETRY, "The call was aborted in its batch.", _AGAIN, SEEN),
    Rule(1150, None, Kind.STOP, "Meta does not know the user.", _RECONNECT, DOC),
    Rule(
        2500,
        None,
        Kind.STOP,
        "No access token reached Meta.",
        _RECONNECT,
        SEEN,
        "access token",
        "An active access token must be used",
    ),
    Rule(
        2500,
        None,
        Kind.STOP,
        "This API version does not exist.",
        "Set api_version to a live one.",
        SEEN,
        "Unknown path",
        "Unknown path components: /…",
    ),
    Rule(2500, None, Kind.STOP_STREAM, "Meta cannot parse the request.", _SETTING, SEEN),
    Rule(2601, 1815107, Kind.RETRY, "The report cannot be read yet.", _AGAIN, SEEN),
    Rule(2601, None, Kind.RETRY, "The report cannot be read yet.", _AGAIN, SEEN),
    Rule(2635, None, Kind.STOP, "This API version is dead.", "Set api_version to a newer one.", SEEN),
    Rule(2637, None, Kind.RETRY, "The report cannot be read yet.", _AGAIN, SEEN),
    Rule(2642, None, Kind.RESTART_WALK, "A page cursor has become invalid.", _AGAIN, DOC),
    Rule(2654, None, Kind.STOP_STREAM, "A custom audience cannot be opened.", _RIGHTS, DOC),
    Rule(3018, None, Kind.STOP_STREAM, "The start lies more than 37 months back.", "Set a later start_date.", SEEN),
    Rule(5000, None, Kind.RETRY, "Unknown error at Meta.", _AGAIN, DOC),
    Rule(80000, None, Kind.THROTTLE_ACCOUNT, f"{_ACCOUNT} for insights within the hour.", _WAIT, DOC_RATE),
    Rule(80001, None, Kind.THROTTLE_ACCOUNT, "The page has had too many calls.", _WAIT, DOC_RATE),
    Rule(80002, None, Kind.THROTTLE_ACCOUNT, "The Instagram account has had too many calls.", _WAIT, DOC_RATE),
    Rule(80003, None, Kind.THROTTLE_ACCOUNT, f"{_ACCOUNT} about custom audiences.", _WAIT, DOC_RATE),
    Rule(80004, None, Kind.THROTTLE_ACCOUNT, f"{_ACCOUNT} about ads objects.", _WAIT, DOC_RATE),
    Rule(80005, None, Kind.THROTTLE_ACCOUNT, "The page has had too many calls about leads.", _WAIT, DOC_RATE),
    Rule(80006, None, Kind.THROTTLE_ACCOUNT, "The page has had too many calls about messages.", _WAIT, DOC_RATE),
    Rule(80008, None, Kind.THROTTLE_ACCOUNT, "The WhatsApp account has had too many calls.", _WAIT, DOC_RATE),
    Rule(80009, None, Kind.THROTTLE_ACCOUNT, "The catalog has had too many calls.", _WAIT, DOC_RATE),
    Rule(80014, None, Kind.THROTTLE_ACCOUNT, "The catalog has had too many batch calls.", _WAIT, DOC_RATE),
)

NETWORK = Rule(
    None,
    None,
    Kind.RETRY,
    "Meta could not be reached, or broke off.",
    "Check the network if it lasts.",
    SEEN,
    shown="no reply, half a reply, a page of HTML, HTTP 5xx, or a new code that calls itself transient",
)
TOO_MANY = Rule(None, None, Kind.THROTTLE_ACCOUNT, "Too many calls.", _WAIT, SEEN, shown="HTTP 429 without a code")
DENIED = Rule(
    None, None, Kind.STOP, "Meta refuses the token.", _RECONNECT, SEEN, shown="HTTP 401 or 403 without a code"
)
UNKNOWN = Rule(
    None,
    None,
    Kind.STOP_STREAM,
    "Meta refused the call for a reason unknown to us.",
    _SETTING,
    SEEN,
    shown="any other code",
)

WITHOUT_CODE: tuple[Rule, ...] = (NETWORK, TOO_MANY, DENIED, UNKNOWN)
"""What fits no row above goes by its HTTP status."""
