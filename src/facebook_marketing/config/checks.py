"""The kinds of values that settings have: what each accepts, what it becomes, and the words of its refusal."""

import json
import re
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, StringConstraints
from pydantic_core import PydanticCustomError

from facebook_marketing.config import values
from facebook_marketing.config.values import Level, Period

SIGN_IN_ALLOWED: Final = (
    "a Meta access token that may read ads (scope ads_read): set credentials.access_token, "
    "or FACEBOOK_ACCESS_TOKEN in the environment"
)
ACCOUNTS_ALLOWED: Final = (
    'at least one ad account number, or "all" alone: set account_ids, or FACEBOOK_ACCOUNT_IDS in the environment'
)
ID_ALLOWED: Final = (
    'an ad account number such as "1234567890" or "act_1234567890" (the number in the address of Ads Manager)'
)
FILTER_ALLOWED: Final = (
    'an object with field, operator and value, such as {"field": "spend", "operator": "IN", "value": [1]}'
)
DAY_ALLOWED: Final = "a day such as 2024-01-31, or 2024-01-31T00:00:00Z"
PATTERN_ALLOWED: Final = (
    'a list of names or numbers of accounts in which * stands for any text and ? for one sign, such as ["*shop*"]'
)

_BETWEEN: Final = re.compile(r"\s*[,;\n]\s*")  # a blank alone may stand within one number
_ACT: Final = re.compile(r"^act_(?=[0-9*?]+$)", re.IGNORECASE)


def wrong(allowed: str, **context: object) -> PydanticCustomError:
    """Refuse a value and say what is allowed; `found` and `at` in the context say more than the input does."""
    return PydanticCustomError("wrong", "allowed is {allowed}", {"allowed": allowed, **context})


def _parsed(parse: Callable[[object], Any], allowed: str) -> BeforeValidator:
    def check(value: object) -> Any:  # noqa: ANN401 - the parser's own type
        result = parse(value)
        if result is None:
            raise wrong(allowed)
        return result

    return BeforeValidator(check)


def _no_bool(value: object) -> object:
    if isinstance(value, bool):
        raise PydanticCustomError("number", "a number, not true or false")
    return value


def _blank_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _list_of_ids(value: object) -> object:
    """List the ids of a list, of one number, or of a text that divides them by commas, semicolons or line breaks."""
    if not isinstance(value, list | tuple):
        return _list_of_ids([value]) if isinstance(value, str | int) else value
    parts = (_BETWEEN.split(one.strip()) if isinstance(one, str) else [one] for one in value)
    return [part for some in parts for part in some if part != ""]


def _token(value: object) -> SecretStr:
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    text = text.strip() if isinstance(text, str) else ""
    if not text:
        raise wrong(SIGN_IN_ALLOWED)
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise wrong("a token in one piece: letters, digits and signs, without blanks or line breaks")
    return SecretStr(text)


def _one_of(allowed: tuple[str, ...]) -> BeforeValidator:
    def parse(value: object) -> str | None:
        name = value.strip().upper() if isinstance(value, str) else ""
        return name if name in allowed else None

    return _parsed(parse, f"any of {', '.join(allowed)}")


def _pattern(value: object) -> str | None:
    """Take a pattern for names and numbers of accounts; the numbers that it is held against have no `act_`."""
    text = value.strip() if isinstance(value, str) else str(value) if type(value) is int else ""
    return _ACT.sub("", text) or None


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str | int) else value


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


def _json_value(value: object) -> object:
    """Read a list out of a text: a platform's form has one text box for a filter's value."""
    if not isinstance(value, dict) or not isinstance(text := value.get("value"), str) or not text.startswith("["):
        return value
    try:
        return {**value, "value": json.loads(text)}
    except (ValueError, RecursionError):
        return value


def _whole_filter(value: dict[str, Any]) -> dict[str, Any]:
    if not {"field", "operator", "value"} <= value.keys():
        raise wrong(FILTER_ALLOWED)
    return value


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, pattern=r"^[A-Za-z0-9_]+$")]
Names = Annotated[tuple[Name, ...], AfterValidator(values.distinct)]
AccountIds = Annotated[
    tuple[Annotated[str, _parsed(values.account_id, ID_ALLOWED)], ...],
    BeforeValidator(_list_of_ids),
    AfterValidator(values.distinct),
]
Patterns = Annotated[
    tuple[Annotated[str, _parsed(_pattern, PATTERN_ALLOWED)], ...],
    BeforeValidator(_as_list),
    AfterValidator(values.distinct),
]
Day = Annotated[Annotated[date, _parsed(values.day, DAY_ALLOWED)] | None, BeforeValidator(_blank_is_none)]
Text = Annotated[Annotated[str, Field(coerce_numbers_to_str=True)] | None, BeforeValidator(_blank_is_none)]
Whole = Annotated[int, BeforeValidator(_no_bool)]
Increment = Annotated[
    int | Period, _parsed(values.increment, 'a number of days from 1 to 90, "weekly", "monthly" or "all_days"')
]
Filter = Annotated[dict[str, Any], BeforeValidator(_json_value), AfterValidator(_whole_filter)]
CampaignStatuses = Annotated[
    tuple[Annotated[str, _one_of(values.CAMPAIGN_STATUSES)], ...], AfterValidator(values.distinct)
]
AdsetStatuses = Annotated[tuple[Annotated[str, _one_of(values.ADSET_STATUSES)], ...], AfterValidator(values.distinct)]
AdStatuses = Annotated[tuple[Annotated[str, _one_of(values.AD_STATUSES)], ...], AfterValidator(values.distinct)]
Windows = Annotated[tuple[Annotated[Name, BeforeValidator(_lower)], ...], AfterValidator(values.distinct)]
Questions = Annotated[
    tuple[Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, to_lower=True)], ...],
    AfterValidator(values.distinct),
]
Veil = Annotated[Literal["hashed", "plain", "dropped"], BeforeValidator(_lower)]
Lookback = Annotated[Whole, Field(ge=0, le=28)]
LookbackMode = Annotated[Literal["full", "changed"], BeforeValidator(_lower)]
CreativesMode = Annotated[Literal["full", "changed"], BeforeValidator(_lower)]
Days = Annotated[Whole, Field(ge=0, le=365)]
Minutes = Annotated[Whole, Field(ge=1, le=1440)]

Hours = Annotated[Whole, Field(ge=0, le=720)]
Positive = Annotated[Whole, Field(ge=1)]
Parallel = Annotated[Whole, Field(ge=1, le=256)]
Share = Annotated[float, BeforeValidator(_no_bool), Field(ge=0.05, le=1, allow_inf_nan=False)]
Token = Annotated[SecretStr, BeforeValidator(_token)]
AppSecret = Annotated[Annotated[SecretStr, BeforeValidator(_token)] | None, BeforeValidator(_blank_is_none)]
AnyLevel = Annotated[Level, BeforeValidator(_lower)]
ReportTime = Annotated[Literal["impression", "conversion", "mixed", "lifetime"], BeforeValidator(_lower)]
Version = Annotated[str, _parsed(values.api_version, "a version of the Graph API such as v26.0")]
