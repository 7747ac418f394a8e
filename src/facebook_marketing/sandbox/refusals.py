"""Refusals by name: every error that a fault plan may inject, with Meta's numbers, status and text.

A plan may also ask by number (``"80000/2446079"``, ``"17"``): the first row with these numbers is taken.
"""

from collections.abc import Callable, Mapping
from typing import ParamSpec

from .errors import GraphError

__all__ = ["NAMED", "named"]

_REDUCE = "Please reduce the amount of data you're asking for, then retry your request"
_WAIT = "There have been too many calls from this ad-account. Please wait a bit and try again."
_DOC = "https://developers.facebook.com/docs/graph-api/overview/rate-limiting"
_TO_ACCOUNT = (
    "There have been too many calls to this ad-account. Wait a bit and try again. For more info, please refer to"
)
_NOT_READY = (
    "Sorry, the report cannot be loaded successfully. Please check if your job status is completed instead of failed "
    "or running before fetching the data."
)

P = ParamSpec("P")


def _factory(make: Callable[P, GraphError]) -> Callable[P, Callable[[], GraphError]]:
    """Return a function that keeps the arguments and makes a new error on every call."""

    def bind(*args: P.args, **kwargs: P.kwargs) -> Callable[[], GraphError]:
        return lambda: make(*args, **kwargs)

    return bind


_error = _factory(GraphError)

NAMED: Mapping[str, Callable[[], GraphError]] = {
    "unknown_error": _error("An unknown error occurred", 1, subcode=99, status=500),
    "reduce_data": _error(_REDUCE, 1, status=500, only=("code", "message")),
    "unknown_plain": _error("An unknown error occurred", 1, status=500),
    "delegate_page": _error(
        "An unknown error occurred",
        1,
        subcode=2853001,
        transient=False,
        user_title="profile is not linked to delegate page",
        user_msg="profile should always be linked to delegate page",
    ),
    "service_unavailable": _error("(#2) Service temporarily unavailable", 2, status=503, transient=True),
    "transient": _error(
        "An unexpected error has occurred. Please retry your request later.", 2, status=500, transient=True
    ),
    "sync_timeout_2": _error("Service temporarily unavailable", 2, subcode=1504038, status=500, transient=True),
    "whitelist": _error("(#3) App must be on whitelist", 3),
    "app_rate_limit": _error("(#4) Application request limit reached", 4, transient=True),
    "app_insights_limit": _error(
        "(#4) Application request limit reached",
        4,
        subcode=1504022,
        transient=True,
        user_title="Application request limit reached",
        user_msg="There have been too many calls. Please wait a bit and try again.",
    ),
    "insights_load": _error("(#4) Application request limit reached", 4, subcode=1504039, transient=True),
    "no_permission_app": _error("(#10) Application does not have permission for this action", 10),
    "account_too_many_calls": _error(
        "User request limit reached",
        17,
        subcode=2446079,
        transient=True,
        user_title="Ad Account Has Too Many API Calls",
        user_msg=_WAIT,
    ),
    "page_rate_limit": _error("(#32) Page request limit reached", 32),
    "missing_permissions": _error("(#100) Missing permissions", 100),
    "object_missing": _error(
        "Unsupported get request. Object with ID 'X' does not exist, cannot be loaded due to missing permissions, or "
        "does not support this operation. Please read the Graph API documentation at "
        "https://developers.facebook.com/docs/graph-api",
        100,
        subcode=33,
        type="GraphMethodException",
    ),
    "method_get_unsupported": _error("Unsupported request - method type: get", 100, type="GraphMethodException"),
    "nonexisting_field": _error("(#100) Tried accessing nonexisting field (foo) on node type (AdAccount)", 100),
    "invalid_fields_param": _error(
        "(#100) age is not valid for fields param. please check "
        "https://developers.facebook.com/docs/marketing-api/reference/ads-insights/ for all valid values",
        100,
    ),
    "invalid_breakdown": _error(
        "(#100) foo is not valid for breakdowns param. please check "
        "https://developers.facebook.com/docs/marketing-api/insights/breakdowns/ for all valid values",
        100,
    ),
    "bad_breakdown_combination": _error(
        "(#100) Current combination of data breakdown columns (action_type, platform_position) is invalid", 100
    ),
    "filter_field": _error("(#100) Filtering field 'id' is not supported", 100),
    "too_much_data": _error(
        "Invalid parameter",
        100,
        subcode=1487534,
        transient=False,
        user_title="Query exceeds data limit",
        user_msg="Reduce the amount of data.",
    ),
    "sync_timeout": _error(
        "Invalid parameter",
        100,
        subcode=1504018,
        transient=False,
        user_title="La solicitud ha caducado",
        user_msg="Intenta usar un intervalo de fechas más corto o menos datos.",
    ),
    "unsupported_account": _error(
        "(#100) The account cannot be used",
        100,
        subcode=2446289,
        user_title="Account issue",
        user_msg="Fix the account first.",
    ),
    "broken_story_spec": _error("(#100) The object story spec of this creative cannot be read", 100, subcode=2446211),
    "broken_story_page": _error("(#100) The page of this creative cannot be read", 100, subcode=1443048),
    "insights_permission": _error("(#100) Missing permissions", 100, subcode=3191001),
    "reach_unavailable": _error("Reach-related metric breakdowns are unavailable due to rate limit threshold.", 100),
    "ids_removed": _error("The ids query parameter is deprecated in v26.0+.", 100),
    "session_invalid": _error("Session key invalid or no longer valid", 102),
    "no_token": _error("An access token is required to request this resource.", 104),
    "invalid_token": _error("Invalid OAuth access token - Cannot parse access token", 190),
    "token_removed_app": _error(
        "Error validating access token: The user has not authorized application 123456.", 190, subcode=458
    ),
    "token_checkpoint": _error(
        "Error validating access token: You cannot access the app till you log in to www.facebook.com and follow the "
        "instructions given.",
        190,
        subcode=459,
        data={"checkpoint_url": "https://www.facebook.com/checkpoint/"},
    ),
    "token_password_changed": _error(
        "Error validating access token: The session has been invalidated because the user changed their password or "
        "Facebook has changed the session for security reasons.",
        190,
        subcode=460,
    ),
    "token_expired": _error(
        "Error validating access token: Session has expired on Thursday, 20-Nov-25 10:00:00 PST. The current time is "
        "Friday, 21-Nov-25 10:00:00 PST.",
        190,
        subcode=463,
    ),
    "token_logged_out": _error(
        "Error validating access token: The session is invalid because the user logged out.", 190, subcode=467
    ),
    "leads_retrieval": _error("(#200) Requires leads_retrieval permission to manage the object", 200, status=403),
    "owner_not_granted": _error(
        "(#200) Ad account owner has NOT grant ads_management or ads_read permission", 200, status=403
    ),
    "business_management": _error(
        "(#200) Requires business_management permission to manage the object", 200, status=403
    ),
    "development_access": _error("(#270) This Ads API request is not allowed for apps with development access", 270),
    "application_limit": _error("(#341) Feed action request limit reached", 341),
    "blocked_for_policies": _error(
        "(#368) The action attempted has been deemed abusive or is otherwise disallowed", 368
    ),
    "custom_limit": _error("(#613) Calls to this api have exceeded the rate limit.", 613),
    "custom_limit_account": _error("(#613) Calls to this api have exceeded the rate limit.", 613, subcode=1487742),
    "custom_metrics_quota": _error(
        "(#613) Custom Analytics metrics exceeded the rate limit of 5 calls per 6 hours for this ad account.", 613
    ),
    "alias_missing": _error("(#803) Some of the aliases you requested do not exist: foo", 803, status=404),
    "batch_dependency": _error(
        "Request aborted. This could happen if a dependent request failed or the entire request timed out.",
        960,
        type="FacebookApiException",
    ),
    "report_not_ready": _error(
        "Error accessing adreport job.",
        2601,
        subcode=1815107,
        transient=True,
        user_title="Loading Async Ads Report Failed",
        user_msg=_NOT_READY,
    ),
    "deprecated_version": _error(
        "(#2635) You are calling a deprecated version of the Ads API. Please update to the latest version: v26.0.",
        2635,
    ),
    "bad_cursor": _error("(#2642) Invalid cursors values", 2642),
    "start_beyond_37_months": _error(
        "(#3018) The start date of the time range cannot be beyond 37 months from the current date", 3018
    ),
    "unknown_5000": _error("An unknown error occurred", 5000, status=500),
    "buc_insights": _error(
        "(#80000) There have been too many calls from this ad-account. Wait a bit and try again. For more info, "
        f"please refer to {_DOC}.",
        80000,
        subcode=2446079,
    ),
    "buc_audience": _error(f"(#80003) {_TO_ACCOUNT} {_DOC}#custom-audience.", 80003, subcode=2446079),
    "buc_leadgen": _error(f"(#80005) {_TO_ACCOUNT} {_DOC}#lead-generation.", 80005, subcode=2446079),
    "buc_management": _error(f"(#80004) {_TO_ACCOUNT} {_DOC}#ads-management.", 80004, subcode=2446079),
}
"""Factories, because a raised exception carries a traceback and must not be shared."""


def named(name: str) -> GraphError:
    """Return the refusal of a name (``buc_insights``) or of numbers (``80000``, ``17/2446079``).

    Raises ValueError for one that the sandbox does not know.
    """
    if name in NAMED:
        return NAMED[name]()
    for make in NAMED.values():
        error = make()
        if name in {str(error.code), f"{error.code}/{error.subcode}"}:
            return error
    message = f"the sandbox has no error {name!r}; give one of {', '.join(NAMED)}, or numbers such as 17/2446079"
    raise ValueError(message)
