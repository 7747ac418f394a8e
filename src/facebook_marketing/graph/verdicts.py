"""What to do about a fault: ONE table of (code, subcode, text) with the source of each row. Pure.

Codes after Meta's error reference, insights error codes and rate-limiting pages; rows marked *seen* are from public
reports of people who called the API. Text decides only where Meta gives one code to several things.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from facebook_marketing.graph.wire import Fault


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


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: when it fits, what it means, what the reader of the message does."""

    code: int | None
    subcode: int | None
    kind: Kind
    meaning: str
    mend: str
    source: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule that fitted, with the fields that the fault names (DROP_FIELD, POISONED_ITEM)."""

    rule: Rule
    fields: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        """What the caller does next."""
        return self.rule.kind


_RIGHTS = (
    "Give the token ads_read (and business_management for owner fields), "
    "and its user at least the ANALYZE task on the account."
)
_HIDDEN = "Check account_ids, and that the token's user has a role on the account."
_RECONNECT = "Make a new access token (a system user's token does not expire) and put it into the configuration."
_WAIT = "Nothing to do: we wait as long as Meta says and go on. A lower quota_share keeps further away from the limit."
_SMALLER = "Nothing to do: we ask for less at a time."
_SETTING = "Correct the report's fields, breakdowns or filters in the configuration."

DOC = "Meta: error reference"
DOC_INS = "Meta: insights error codes"
DOC_RATE = "Meta: rate limiting"
SEEN = "seen"

RULES: tuple[Rule, ...] = (
    Rule(1, 2853001, Kind.STOP, "The profile is not linked to its delegate page.", "Choose a business account.", SEEN),
    Rule(1, 99, Kind.RETRY, "Unknown error at Meta.", "Nothing to do: we try again.", SEEN),
    Rule(1, None, Kind.SHRINK, "Too much data asked for, or an unknown error.", _SMALLER, SEEN),
    Rule(2, 1504038, Kind.SPLIT, "The report timed out.", _SMALLER, DOC_INS),
    Rule(2, 1504041, Kind.STOP_STREAM, "These breakdowns do not go together.", _SETTING, DOC_INS),
    Rule(2, 1504042, Kind.STOP_STREAM, "A custom metric is invalid.", _SETTING, DOC_INS),
    Rule(2, 1504043, Kind.RETRY, "The report failed by chance.", "Nothing to do: we run it again.", DOC_INS),
    Rule(
        2, 1504044, Kind.SPLIT, "The report failed for no known reason.", "Nothing to do: we run it smaller.", DOC_INS
    ),
    Rule(2, None, Kind.RETRY, "Meta is unavailable for the moment.", "Nothing to do: we try again.", DOC),
    Rule(-2, None, Kind.RETRY, "The report failed.", "Nothing to do: we run it again.", DOC_INS),
    Rule(-3, None, Kind.SPLIT, "The report is too large for Meta.", _SMALLER, DOC_INS),
    Rule(
        3, None, Kind.DROP_FIELD, "The app may not read a field.", "Ask Meta for the capability, or leave it out.", SEEN
    ),
    Rule(4, None, Kind.THROTTLE_APP, "The app has made too many calls.", _WAIT, DOC_RATE),
    Rule(10, None, Kind.DROP_FIELD, "The app has no permission for this.", _RIGHTS, DOC),
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
    Rule(
        100,
        None,
        Kind.RETRY,
        "The report is not quite ready.",
        "Nothing to do: we try again.",
        SEEN,
        "^(\\(#100\\) )?Cannot include ",
    ),
    Rule(100, None, Kind.RETRY, "The report is not quite ready.", "Nothing to do.", SEEN, "nonexisting summary field"),
    Rule(
        100,
        None,
        Kind.DROP_FIELD,
        "Meta does not know a field.",
        "Leave it out, or change api_version.",
        SEEN,
        "nonexisting field",
    ),
    Rule(100, None, Kind.DROP_FIELD, "Meta does not know a field.", _SETTING, SEEN, "not valid for fields param"),
    Rule(100, None, Kind.DROP_FIELD, "The token may not read a field.", _RIGHTS, SEEN, "[Mm]issing [Pp]ermission"),
    Rule(
        100,
        None,
        Kind.DROP_FIELD,
        "The token may not read a field.",
        _RIGHTS,
        SEEN,
        "^Unsupported request - method type: get",
    ),
    Rule(
        100,
        None,
        Kind.DROP_FIELD,
        "Reach by breakdown has a quota of ten old reports a day.",
        _WAIT,
        DOC,
        "^(\\(#100\\) )?Reach-related",
    ),
    Rule(
        100,
        None,
        Kind.STOP,
        "The app secret's proof is wrong or missing.",
        "Set client_secret and use_appsecret_proof.",
        DOC,
        "appsecret_proof",
    ),
    Rule(100, None, Kind.STOP_STREAM, "Meta does not take the request as it is.", _SETTING, DOC),
    Rule(102, None, Kind.STOP, "The session of the access token has ended.", _RECONNECT, DOC),
    Rule(104, None, Kind.STOP, "There is no access token.", _RECONNECT, SEEN),
    Rule(
        190, 459, Kind.STOP, "Facebook holds the user at a checkpoint.", "Log in on facebook.com, then try again.", DOC
    ),
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
    ),
    Rule(
        270, None, Kind.STOP_ACCOUNT, "The app has only development access.", "Ask for full access in app review.", DOC
    ),
    Rule(294, None, Kind.STOP_ACCOUNT, "The token lacks the ads permission.", _RIGHTS, DOC),
    Rule(341, None, Kind.THROTTLE_APP, "The app has reached a limit for the moment.", _WAIT, DOC),
    Rule(368, None, Kind.STOP_ACCOUNT, "Meta has blocked the user for policies.", "Follow Meta's message.", DOC),
    Rule(613, None, Kind.THROTTLE_ACCOUNT, "A special rate limit was reached.", _WAIT, DOC_RATE),
    Rule(803, None, Kind.STOP_ACCOUNT, "There is no such account.", "Check account_ids: digits only.", SEEN),
    Rule(960, None, Kind.RETRY, "The call was aborted in its batch.", "Nothing to do: we try again.", SEEN),
    Rule(1150, None, Kind.STOP, "Meta does not know the user.", _RECONNECT, DOC),
    Rule(2500, None, Kind.STOP, "No access token reached Meta.", _RECONNECT, SEEN, "access token"),
    Rule(
        2500,
        None,
        Kind.STOP,
        "This API version does not exist.",
        "Set api_version to a live one.",
        SEEN,
        "Unknown path",
    ),
    Rule(2500, None, Kind.STOP_STREAM, "Meta cannot parse the request.", _SETTING, SEEN),
    Rule(2601, None, Kind.RETRY, "The report cannot be read yet.", "Nothing to do: we try again.", SEEN),
    Rule(2635, None, Kind.STOP, "This API version is dead.", "Set api_version to a newer one.", SEEN),
    Rule(2637, None, Kind.RETRY, "The report cannot be read yet.", "Nothing to do: we try again.", SEEN),
    Rule(
        2642,
        None,
        Kind.RESTART_WALK,
        "A page cursor has become invalid.",
        "Nothing to do: we start the walk again.",
        DOC,
    ),
    Rule(2654, None, Kind.SKIP_NODE, "A custom audience cannot be opened.", _RIGHTS, DOC),
    Rule(
        3018,
        None,
        Kind.STOP_STREAM,
        "The start lies more than 37 months back.",
        "Set a later start_date.",
        SEEN,
    ),
    Rule(5000, None, Kind.RETRY, "Unknown error at Meta.", "Nothing to do: we try again.", DOC),
)

_THROTTLED_USE_CASES = frozenset({80000, 80001, 80002, 80003, 80004, 80005, 80006, 80008, 80009, 80014})
_DRESSED_AS_PERMISSION = frozenset({4841013, 4841018})

_USE_CASE = Rule(
    80000, None, Kind.THROTTLE_ACCOUNT, "The account has had too many calls of this kind.", _WAIT, DOC_RATE
)
_PERMISSION = Rule(200, None, Kind.STOP_ACCOUNT, "The token may not read this account.", _RIGHTS, DOC)
_NETWORK = Rule(
    None, None, Kind.RETRY, "Meta could not be reached, or broke off.", "Check the network if it lasts.", SEEN
)
_TOO_MANY = Rule(None, None, Kind.THROTTLE_ACCOUNT, "Too many calls.", _WAIT, SEEN)
_DENIED = Rule(None, None, Kind.STOP, "Meta refuses the token.", _RECONNECT, SEEN)
_UNKNOWN = Rule(None, None, Kind.STOP_STREAM, "Meta refused the call for a reason unknown to us.", _SETTING, SEEN)

_FIELD_PATTERNS = (
    re.compile(r"nonexisting field \(([\w.]+)\)"),
    re.compile(r"^(?:\(#100\) )?([\w., ]+?) (?:is|are) not valid for fields param"),
)
_POISON_FIELD = "object_story_spec"
_REACH_FIELDS = ("reach", "frequency", "cpp")


def judge(fault: Fault) -> Verdict:
    """The verdict on a fault. Every fault has one."""
    rule = _rule(fault)
    match rule.kind:
        case Kind.DROP_FIELD:
            return Verdict(rule, _named_fields(fault.message))
        case Kind.POISONED_ITEM:
            return Verdict(rule, (_POISON_FIELD,))
        case _:
            return Verdict(rule)


def _rule(fault: Fault) -> Rule:
    if fault.subcode in _DRESSED_AS_PERMISSION or fault.code in _THROTTLED_USE_CASES:
        return _USE_CASE
    for rule in RULES:
        if _fits(rule, fault):
            return rule
    if fault.code is not None and 200 <= fault.code < 300:  # noqa: PLR2004 - Meta's range of permission codes
        return _PERMISSION
    return _by_status(fault)


def _fits(rule: Rule, fault: Fault) -> bool:
    return (
        rule.code == fault.code
        and rule.subcode in {None, fault.subcode}
        and (not rule.text or re.search(rule.text, fault.message) is not None)
    )


def _by_status(fault: Fault) -> Rule:
    """Faults without a code that we know: HTML from the CDN, half a JSON, a reset connection, a new code."""
    if fault.status == 429:  # noqa: PLR2004
        return _TOO_MANY
    if fault.transient or fault.status == 0 or fault.status >= 500:  # noqa: PLR2004
        return _NETWORK
    if fault.code is None and fault.status in {401, 403}:
        return _DENIED
    return _UNKNOWN


def _named_fields(message: str) -> tuple[str, ...]:
    if "Reach-related" in message:
        return _REACH_FIELDS
    for pattern in _FIELD_PATTERNS:
        found = pattern.search(message)
        if found:
            return tuple(name.strip() for name in found.group(1).split(","))
    return ()
