"""Which column of a list holds which field: said by the user, remembered, or guessed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.utils.translation import gettext as _

from data.choices import CaseField
from gridmgmt.core.tables.errors import ListError
from gridmgmt.core.tables.headers import guess as guess_headers

# Headers as city hotlines (12345), service desks and English exports write them.
GUESSES: dict[str, tuple[str, ...]] = {
    CaseField.OUTSIDE_NUMBER: (
        "工单编号", "工单号", "编号", "案件编号", "受理编号", "流水号", "诉求编号", "任务号",
        "外部编号",
        "outside number", "number", "case number", "request id", "service request id", "ticket",
        "id", "unique key",
    ),
    CaseField.REPORTED_AT: (
        "来电时间", "受理时间", "上报时间", "登记时间", "反映时间", "诉求时间", "时间", "日期",
        "reported at", "created at", "created date", "opened", "date", "time", "requested datetime",
    ),
    CaseField.DESCRIPTION: (
        "诉求内容", "主要内容", "问题描述", "内容", "描述", "事件描述", "反映内容", "工单内容",
        "description", "complaint", "descriptor", "text", "details", "content",
    ),
    CaseField.ADDRESS: (
        "地址", "诉求地址", "事发地址", "发生地址", "事发地点", "地点", "位置", "详细地址",
        "address", "place", "location", "incident address", "street address",
    ),
    CaseField.LON: ("经度", "lon", "lng", "long", "longitude", "x", "经度x", "坐标x"),
    CaseField.LAT: ("纬度", "lat", "latitude", "y", "纬度y", "坐标y"),
    CaseField.CATEGORY: (
        "类别", "分类", "诉求类别", "问题类别", "小类", "事项分类", "category", "complaint type",
        "type", "service code",
    ),
    CaseField.CONTACT_NAME: (
        "联系人", "来电人", "姓名", "诉求人", "反映人", "contact name", "name", "caller",
    ),
    CaseField.CONTACT_PHONE: (
        "联系电话", "来电号码", "电话", "手机", "手机号", "联系方式", "contact phone", "phone",
        "telephone", "mobile",
    ),
    CaseField.OUTSIDE_DUE_AT: (
        "办结时限", "办理时限", "截止时间", "处理时限", "要求办结时间", "到期时间",
        "outside due at", "due", "due at", "due date", "deadline",
    ),
    CaseField.CHANNEL: ("来源", "渠道", "诉求渠道", "受理渠道", "来电渠道", "channel", "source"),
}  # fmt: skip


def guess(headers: Iterable[str]) -> dict[str, str]:
    """Field → header for every header that one of the known words equals."""
    return guess_headers(headers, GUESSES)


def parse_map(items: Sequence[str]) -> dict[str, str]:
    """`field=column` pairs; an empty column leaves a guessed field out. Raises ListError."""
    columns = {}
    for item in items:
        name, sign, column = item.partition("=")
        if not sign or name.strip() not in CaseField.values:
            raise ListError(
                _("“%(item)s” is no mapping. Write field=column; the fields are %(fields)s.")
                % {"item": item, "fields": ", ".join(CaseField.values)}
            )
        columns[name.strip()] = column.strip()
    return columns


def settle(
    headers: Sequence[str], *, said: Mapping[str, str], remembered: Mapping[str, str] | None
) -> dict[str, str]:
    """The mapping to use: what was remembered, else guessed, with what was said on top of it.

    Raises ListError when a named column is not there, or nothing tells what was reported.
    """
    columns = {**(guess(headers) if remembered is None else remembered), **said}
    columns = {name: column for name, column in columns.items() if column}
    missing = sorted({column for column in columns.values() if column not in headers})
    if missing:
        raise ListError(
            _("The file has no column %(missing)s. Its columns are: %(columns)s.")
            % {"missing": ", ".join(missing), "columns": ", ".join(headers)}
        )
    if CaseField.DESCRIPTION not in columns:
        raise ListError(
            _(
                "No column with the description was recognised among: %(columns)s. Name it: "
                "--map description=COLUMN"
            )
            % {"columns": ", ".join(headers)}
        )
    if (CaseField.LON in columns) != (CaseField.LAT in columns):
        raise ListError(_("Name both the column of the longitude and the column of the latitude."))
    return columns
