"""What the simulated office tells on its public pages and boards. Invented, like its people."""

from __future__ import annotations

from datetime import datetime

from gridmgmt.core import public_pages
from grids.people.choices import NoticeKind
from grids.people.models import GridNotice
from grids.territory.models import Grid

SUPERVISION_PHONE = "010-62780100"
TEXTS = (
    (
        NoticeKind.WORK,
        "每天巡查道路、路灯、垃圾、消防通道和楼道",
        "Walk the grid daily: roads, lights, rubbish, fire lanes, stairs",
    ),
    (
        NoticeKind.WORK,
        "受理居民反映的问题，核实后转有关部门办理",
        "Take up what residents report, look at it, and pass it on",
    ),
    (
        NoticeKind.WORK,
        "走访老人和需要关爱的家庭",
        "Call on elderly people and families who need care",
    ),
    (
        NoticeKind.PROMISE,
        "接到反映，半个工作日内到现场查看",
        "We look at every report within half a working day",
    ),
    (
        NoticeKind.PROMISE,
        "办理结果凭查询号可查，不满意可要求再办",
        "The result can be read with the query number; ask for a second look if it is not right",
    ),
    (
        NoticeKind.PROMISE,
        "居民个人信息不公开、不外传",
        "What you tell us about yourself is never published",
    ),
    (
        NoticeKind.POLICY,
        "电动自行车不进楼、不在楼道充电",
        "No e-bikes in buildings, no charging on stairs",
    ),
    (
        NoticeKind.POLICY,
        "生活垃圾分类投放，大件垃圾先预约",
        "Sort household rubbish; book the collection of bulky waste",
    ),
)


def write_public_texts(street: Grid, *, now: datetime) -> None:
    """Notices for the whole street and the phone of supervision."""
    GridNotice.objects.bulk_create(
        GridNotice(grid=street, kind=kind, text=text, text_en=english, order=order)
        for order, (kind, text, english) in enumerate(TEXTS)
    )
    public_pages.decide(actor=None, now=now, supervision_phone=SUPERVISION_PHONE)
