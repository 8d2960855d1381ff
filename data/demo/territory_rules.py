"""What a person decided about 清华园: names, seeds and assumptions. No geometry work here."""

from __future__ import annotations

import re

STREET_CODE = "110108014"
METRIC_CRS = "EPSG:32650"
SOURCE = "derived from OpenStreetMap and the community list; not an official boundary"
STREET_SOURCE = "outline of bj-subdistricts after Tianditu; accuracy not guaranteed"

STREETS_EN = {
    "110108014": "Tsinghua Yuan",
    "110108024": "Dongsheng Town",
    "110108010": "Xueyuan Road",
    "110108013": "Qinglongqiao",
    "110108011": "Zhongguancun",
    "110108015": "Yanyuan",
}

# last three digits of the community's code: short name, English name
COMMUNITIES = {
    "001": ("东楼社区", "East Buildings"),
    "002": ("南楼社区", "South Buildings"),
    "003": ("西楼社区", "West Buildings"),
    "004": ("北区社区", "North Quarter"),
    "005": ("中楼社区", "Central Buildings"),
    "006": ("西南社区", "Southwest"),
    "007": ("西北社区", "Northwest"),
    "008": ("蓝旗营社区", "Lanqiying"),
    "009": ("荷清苑社区", "Heqingyuan"),
    "010": ("双清苑社区", "Shuangqingyuan"),
}

ROADS_EN = {
    "清华路": "Qinghua Road",
    "紫荆路": "Zijing Road",
    "熙春路": "Xichun Road",
    "近春路": "Jinchun Road",
    "莲桥": "Lotus Bridge",
    "至善路": "Zhishan Road",
    "光华路": "Guanghua Road",
    "新民路": "Xinmin Road",
    "明德路": "Mingde Road",
    "大石桥": "Great Stone Bridge",
    "日新路": "Rixin Road",
    "学堂路": "Xuetang Road",
    "望桥": "Wang Bridge",
    "曲径通幽": "Winding Path",
}

# Estates whose houses carry bare numbers or short prefixes, for the search of addresses.
ESTATES = (
    ("dormitory", re.compile(r"^紫荆学生公寓"), "紫荆学生公寓"),
    ("residential", re.compile(r"^\d+号楼"), "荷清苑"),
    ("residential", re.compile(r"^西北\d+"), "西北小区"),
    ("residential", re.compile(r"^西南\d+"), "西南小区"),
    ("residential", re.compile(r"^普吉"), "普吉院"),
)

# Prefixes of the dwellings' names, longest first. The numbered "N号楼" among the dwellings
# are 荷清苑 (its fourteen houses carry bare numbers), "N公寓" stand among 西楼, and the
# "N宿舍" of teaching staff among 北区.
DWELLING_NAMES = (
    (re.compile(r"^西北\d+"), "007"),
    (re.compile(r"^西南\d+"), "006"),
    (re.compile(r"^西\d+楼"), "003"),
    (re.compile(r"^\d+公寓"), "003"),
    (re.compile(r"^南\d+楼"), "002"),
    (re.compile(r"^东\d+楼"), "001"),
    (re.compile(r"^(中|高)\d+楼"), "005"),
    (re.compile(r"^\d+号楼"), "009"),
    (re.compile(r"^[一二三四五六七八九十\d]+宿舍"), "004"),
    (re.compile(r"^普吉"), "008"),
    (re.compile(r"^十四所"), "006"),
)
DORMITORY_NAMES = (
    (re.compile(r"^紫荆学生公寓"), "010"),
    (re.compile(r"^\d+(-\d+)?号楼"), "004"),
)

# Teaching grounds belong to a community too. Each of these named buildings gives its block to
# the community whose dwellings it is next to; a choice of this demonstration.
CAMPUS_SEEDS = {
    "001": [
        "中央主楼",
        "东主楼",
        "西主楼",
        "建筑馆",
        "清华大学经济管理学院",
        "经济管理学院",
        "美术学院大楼",
        "清华大学艺术博物馆",
        "东配楼",
        "西配楼",
        "环境节能楼（环境工程系）",
        "建筑设计中心",
        "技术科学楼",
        "法律图书馆",
        "纳米科技楼",
        "公共管理学院",
        "明理楼 （法学院）",
        "微电子所（集成电路学院）",
        "工物馆",
        "英士楼",
        "伟清楼",
        "加速器实验室",
        "刘卿楼（工物系新馆）",
    ],
    "002": ["李兆基科技大楼", "Future Internet Technology (FIT)", "南园教工食堂"],
    "003": [
        "清华大学校医院",
        "近春园宾馆",
        "近春园西楼",
        "接待服务中心",
        "洗车房",
        "寓园教工食堂",
        "荷园教工餐厅",
        "生物学馆",
        "熙春园餐厅",
        "临漪榭",
        "零零阁",
        "郑裕彤医学楼",
    ],
    "004": [
        "观畴园餐厅（万人大食堂）",
        "新斋",
        "明斋",
        "善斋",
        "平斋",
        "听涛园餐厅",
        "丁香园餐厅",
        "清芬园餐厅",
        "苏世民书院",
        "闻馨园餐厅",
        "食品加工中心",
        "北区浴室",
        "清华北区便民果蔬超市",
        "陈明游泳馆",
        "北体育馆",
    ],
    "005": [
        "大礼堂",
        "工字厅",
        "古月堂",
        "甲所",
        "清华学堂",
        "老馆",
        "逸夫馆",
        "李文正馆",
        "科学馆",
        "第一教学楼",
        "第五教学楼",
        "新水利馆",
        "文西楼（新闻与传播学院）",
        "机械工程馆",
        "泥沙研究室",
        "新清华学堂",
        "校史馆",
        "第三教学楼三段",
        "第六教学楼A区",
        "蒙民伟人文楼",
        "焊接馆",
        "档案馆",
        "人文社科图书馆（凯风楼）",
        "新土木馆",
        "保卫处派出所",
        "动力机械与工程研究所",
        "西体育馆",
    ],
    "006": ["修远楼", "启程楼", "知行楼", "联盛馆", "福寿之园", "家园", "熊知行楼"],
    "007": [
        "清华附中国际部",
        "清华附中体育馆",
        "C座(初中楼/华远楼)",
        "清华大学物理楼",
        "医学科学楼",
        "理科楼",
        "化学馆",
        "生物医学馆",
        "老留学生楼（生物技术馆）",
        "生命科学馆",
        "人环楼（生物医学馆B座）",
        "化学馆新馆（何添楼）",
    ],
    "008": ["丁香书苑"],
    "009": [],
    "010": [
        "C楼 - 学生服务中心",
        "紫荆园餐厅",
        "桃李园餐厅",
        "玉树园餐厅",
        "芝兰园餐厅",
        "汽车研究所",
        "汽车碰撞实验室",
        "工程力学系",
        "化学工程实验楼",
        "印刷厂",
        "大五金库",
        "电子工程馆",
        "蒙民伟科技大楼（综合科研1号楼）",
        "自强科技楼",
        "综合体育馆",
        "东区体育馆",
        "射击馆",
        "修缮校园管理中心（供热中心）",
        "气膜体育馆",
    ],
}

# The same for sports grounds, and for open ground that has nothing with a name
# (longitude, latitude): the north-eastern corner along 双清路 and the southern edge at 成府路.
SPORTS_SEEDS = {"清华附中操场": "007", "紫荆操场": "010", "东大操场": "010", "西大操场": "005"}
GROUND_SEEDS = (
    ((116.32133, 40.01326), "010"),
    ((116.3238, 40.0122), "010"),
    ((116.31827, 39.99144), "008"),
)

# Lines drawn by hand across open ground where no road bounds anything (longitude, latitude).
GUIDES: tuple[tuple[tuple[float, float], ...], ...] = (
    ((116.31452, 39.99165), (116.32084, 39.99168)),
    ((116.31982, 40.01187), (116.3265, 40.01194)),
    ((116.32027, 40.01177), (116.32031, 40.01207), (116.31994, 40.01434)),
)

MAIN_ROADS = frozenset(
    {"residential", "unclassified", "secondary_link", "pedestrian", "construction"}
)
MINOR_ROADS = frozenset({"service"})

# Simulation: square metres of gross floor to a household, and floors where none are known.
FLOOR_M2_PER_HOUSEHOLD = 90.0
FLOOR_M2_PER_COLLECTIVE_HOUSEHOLD = 160.0
DORMITORY_LEVELS = 6
FLATS_LEVELS = 6
LOW_HOUSE_LEVELS = 2
LOW_HOUSE_MAX_M2 = 240.0

GRID_BAND = (100, 300)
GRID_TARGET = 200


def community_of_name(kind: str, name: str | None) -> str | None:
    """The community (three digits) that a building's name tells, or None."""
    if not name:
        return None
    table = {"residential": DWELLING_NAMES, "dormitory": DORMITORY_NAMES}.get(kind, ())
    for pattern, community in table:
        if pattern.match(name):
            return community
    for community, names in CAMPUS_SEEDS.items():
        if name in names:
            return community
    return None


def estate_of(kind: str, name: str | None) -> str:
    """The estate that a building's number counts in, or an empty string."""
    for of_kind, pattern, estate in ESTATES:
        if kind == of_kind and name and pattern.match(name):
            return estate
    return ""
