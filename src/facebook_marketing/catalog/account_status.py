"""What the numbers of an ad account's `account_status` and `disable_reason` mean (Meta: ad account)."""

from collections.abc import Mapping

ACTIVE = 1

ACCOUNT_STATUSES: Mapping[int, str] = {
    ACTIVE: "ACTIVE",
    2: "DISABLED",
    3: "UNSETTLED",
    7: "PENDING_RISK_REVIEW",
    8: "PENDING_SETTLEMENT",
    9: "IN_GRACE_PERIOD",
    100: "PENDING_CLOSURE",
    101: "CLOSED",
    201: "ANY_ACTIVE",
    202: "ANY_CLOSED",
}

CLOSING = frozenset({100, 101, 202})

DISABLE_REASONS: Mapping[int, str] = dict(
    enumerate(
        (
            "NONE",
            "ADS_INTEGRITY_POLICY",
            "ADS_IP_REVIEW",
            "RISK_PAYMENT",
            "GRAY_ACCOUNT_SHUT_DOWN",
            "ADS_AFC_REVIEW",
            "BUSINESS_INTEGRITY_RAR",
            "PERMANENT_CLOSE",
            "UNUSED_RESELLER_ACCOUNT",
            "UNUSED_ACCOUNT",
            "UMBRELLA_AD_ACCOUNT",
            "BUSINESS_MANAGER_INTEGRITY_POLICY",
            "MISREPRESENTED_AD_ACCOUNT",
            "AOAB_DESHARE_LEGAL_ENTITY",
            "CTX_THREAD_REVIEW",
            "COMPROMISED_AD_ACCOUNT",
        )
    )
)
