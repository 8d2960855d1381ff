"""When, where and about what simulated people report. Pure draws from a given random source."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

# Share of reports by channel, and the local hours in which each comes in (from, peak, until).
CHANNELS = {
    "patrol": (0.42, (7, 10, 19)),
    "web": (0.27, (6, 19, 24)),
    "phone": (0.18, (7, 11, 21)),
    "walk_in": (0.05, (9, 10, 17)),
    "sms": (0.04, (7, 14, 22)),
    "leader": (0.02, (8, 15, 18)),
    "sensor": (0.02, (0, 12, 24)),
}
# Word of a category's name → weight; what is not named weighs 1.
WEIGHTS = {
    "困人": 1.5, "走失": 1, "突发疾病": 1.5, "停车杆": 4, "停车场": 4, "坠": 1, "塌陷": 0.7,
    "充电站": 1,
    "暴露生活垃圾": 34, "垃圾满溢": 22, "垃圾未分类": 14, "道路不洁": 20, "道路破损": 12,
    "非机动车乱停放": 26, "共享单车": 18, "占用消防通道": 14, "非法小广告": 18,
    "施工扰民": 12, "店外经营": 9, "无照经营": 9, "占道经营": 6, "违规养犬": 8, "乱堆物堆料": 12,
    "路灯": 10, "井盖": 1.2, "行道树": 8, "人行道": 8, "绿地": 5, "垃圾箱": 7, "雨水箅子": 4,
    "道路积水": 4, "道路积雪": 4, "供水管道": 3, "燃气管道": 1.5, "排水管道": 5, "高空坠物": 2,
    "电梯": 16, "楼道": 18, "邻里": 16, "纠纷": 8, "噪": 14, "老": 12, "停车": 16, "充电": 12,
    "供暖": 8, "漏水": 10, "助": 6, "卫生": 6, "病媒": 5, "鼠": 4, "健": 5, "文化": 6,
}  # fmt: skip
# Word → months in which it is so many times as frequent, and outside them so many times.
SEASONS = {
    "积雪": ((12, 1, 2), 6.0, 0.0),
    "供暖": ((11, 12, 1, 2, 3), 3.0, 0.02),
    "热力": ((11, 12, 1, 2, 3), 3.0, 0.1),
    "积水": ((6, 7, 8, 9), 5.0, 0.1),
    "病媒": ((5, 6, 7, 8, 9), 2.5, 0.3),
    "噪": ((5, 6, 7, 8, 9), 1.8, 0.7),
    "露天烧烤": ((5, 6, 7, 8, 9), 4.0, 0.1),
    "树": ((4, 5, 6, 7, 8, 9, 10), 1.4, 0.5),
    "道路不洁": ((10, 11), 2.0, 0.9),
    "焚烧": ((1, 2, 11, 12), 3.0, 0.4),
}
MONTH_LOAD = (0.9, 0.7, 1.0, 1.05, 1.1, 1.15, 1.1, 1.05, 1.05, 1.0, 1.0, 0.95)
WEEKDAY_LOAD = (1.15, 1.05, 1.0, 1.0, 1.05, 0.9, 0.8)


@dataclass(frozen=True)
class Spot:
    """A place where something can happen: degrees, what people call it, how likely."""

    lon: float
    lat: float
    name: str
    weight: float
    on_road: bool


def draw_days(count: int, today: datetime, days: int, rng: random.Random) -> list[datetime]:
    """`count` local midnights out of the `days` up to today, today among them; sorted."""
    midnight = today.replace(hour=0, minute=0, second=0, microsecond=0)
    every = [midnight - timedelta(days=ago) for ago in range(days)]
    loads = [MONTH_LOAD[day.month - 1] * WEEKDAY_LOAD[day.weekday()] for day in every]
    return sorted(rng.choices(every, loads, k=count))


def draw_channel(rng: random.Random) -> str:
    """A channel by its share."""
    return rng.choices(list(CHANNELS), [share for share, _hours in CHANNELS.values()])[0]


def draw_moment(day: datetime, channel: str, rng: random.Random) -> datetime:
    """A moment of the day in the channel's hours, most often near their peak."""
    start, peak, end = CHANNELS[channel][1]
    return day + timedelta(seconds=int(rng.triangular(start, end, peak) * 3600 - 1) % 86400)


def category_weight(name: str, month: int) -> float:
    """How often a category comes up in a month."""
    weight = next((value for word, value in WEIGHTS.items() if word in name), 1.0)
    for word, (months, inside, outside) in SEASONS.items():
        if word in name:
            return weight * (inside if month in months else outside)
    return weight


def pick_spot(spots: Sequence[Spot], cumulative: Sequence[float], rng: random.Random) -> Spot:
    """A spot by weight, moved by some metres so that cases do not lie on each other."""
    spot = rng.choices(spots, cum_weights=cumulative)[0]
    reach_m = 6.0 if spot.on_road else 14.0
    turn, length_m = rng.uniform(0, 2 * math.pi), reach_m * math.sqrt(rng.random())
    lat = spot.lat + length_m * math.sin(turn) / 111_000
    lon = spot.lon + length_m * math.cos(turn) / (111_000 * math.cos(math.radians(spot.lat)))
    return Spot(round(lon, 7), round(lat, 7), spot.name, spot.weight, spot.on_road)
