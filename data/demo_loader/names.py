"""Simulated Chinese names, drawn so that no two people of the demonstration share one."""

from __future__ import annotations

import random

SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
    "苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史"
)
ONE = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰鑫颖琳晨旭宁瑞凯欣悦"
FIRST = "建国志文晓海春秀雅思子雨佳宇家俊天红丽永德嘉梦诗"
SECOND = "华强明军平东文峰林辉斌波宁梅兰英玲芳燕娟雯琪涵轩泽然怡彤萱博"


def draw_names(count: int, rng: random.Random) -> list[str]:
    """`count` different names, surname first; about two thirds of them with two given names."""
    found: dict[str, None] = {}
    while len(found) < count:
        surname = rng.choice(SURNAMES)
        given = rng.choice(FIRST) + rng.choice(SECOND) if rng.random() < 0.65 else rng.choice(ONE)
        found.setdefault(surname + given)
    return list(found)
