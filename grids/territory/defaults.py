"""What a fresh deployment begins with: the three tiers of the national scheme."""

from typing import Any

# code, order, code length, name, English name, least and most households
DEFAULT_TIERS = (
    ("street", 1, 9, "一级网格(街道)", "Tier 1 grid (street)", None, None),
    ("community", 2, 12, "二级网格(社区)", "Tier 2 grid (community)", None, None),
    ("grid", 3, 15, "三级网格", "Tier 3 grid", 100, 300),
)


def add_default_tiers(tier_model: type[Any]) -> None:
    """Where there is no tier at all, add the three; a deployment's own are left alone."""
    if tier_model.objects.exists():
        return
    for code, order, length, name, name_en, least, most in DEFAULT_TIERS:
        tier_model.objects.create(
            code=code,
            order=order,
            code_length=length,
            name=name,
            name_en=name_en,
            household_min=least,
            household_max=most,
        )
