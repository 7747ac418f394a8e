"""How many minor units an ad account's currency has: budgets and spend caps are sent in them, spend is not.

Source: Meta's page on currencies of the Marketing API (its column "offset"). A currency that is not there has no
known offset, and an amount in it no known major unit: better none than one that is wrong a hundredfold. Its offsets
are Meta's own: the Hungarian forint or the Colombian peso have none there, though ISO 4217 knows their cents.
"""

from collections.abc import Mapping
from decimal import Decimal

SOURCE = "Meta's page on currencies of the Marketing API"

_WHOLE = "CLP COP CRC HUF IDR ISK JPY KRW PYG TWD VND"
_HUNDREDTHS = """
    AED ARS AUD BDT BGN BHD BOB BRL CAD CHF CNY CZK DKK DZD EGP EUR FBZ GBP GTQ HKD HNL HRK ILS INR JOD KES LTL LVL
    MOP MXN MYR NGN NIO NOK NZD PEN PHP PKR PLN QAR RON RSD RUB SAR SEK SGD SKK THB TRY UAH USD UYU VEF VES ZAR
"""

OFFSETS: Mapping[str, int] = dict.fromkeys(_WHOLE.split(), 1) | dict.fromkeys(_HUNDREDTHS.split(), 100)
"""Minor units in a major one, by ISO code (FBZ: Meta's own credits)."""


def major(minor: Decimal | int, currency: str) -> Decimal | None:
    """An amount of minor units in major ones, exactly; None where Meta's page does not know the currency."""
    offset = OFFSETS.get(currency)
    return None if offset is None else Decimal(minor) / offset
