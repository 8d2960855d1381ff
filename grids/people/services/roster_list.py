"""The roster as a list: what its columns are called, and what the cells of a row mean.

Reads only; `roster_import` compares with the database and writes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gridmgmt.core.permissions import GRID_ROLES, Role
from gridmgmt.core.tables import cells
from gridmgmt.core.tables.errors import CellError, ListError
from gridmgmt.core.tables.headers import guess, plain
from gridmgmt.core.tables.reading import Row, Table
from grids.people.choices import PersonKind
from grids.people.phones import PHONE_SIGNS

MOST_ROWS = 2000
LONGEST = {"name": 100, "duty_phone": 30, "phone": 30, "staff_number": 40}

# Field → headers by which lists of street offices and English ones name it; the first Chinese
# and the first English one stand in the template.
COLUMNS: dict[str, tuple[str, ...]] = {
    "name": ("姓名", "Name", "名字", "人员姓名", "person", "full name"),
    "staff_number": ("工号", "Staff number", "人员编号", "编号", "staff no", "employee number"),
    "kind": ("类别", "Kind", "人员类别", "人员类型", "身份", "category", "type"),
    "duty_phone": (
        "办公电话", "Duty phone", "值班电话", "联系电话", "电话", "office phone", "phone",
    ),
    "phone": ("手机", "Private phone", "手机号", "手机号码", "mobile", "mobile phone", "cell"),
    "role": ("角色", "Role", "岗位", "职务", "post", "position"),
    "grid_code": ("网格编码", "Grid code", "网格编号", "网格代码", "area code", "code"),
    "grid_name": ("网格名称", "Grid name", "网格", "所属网格", "grid", "area", "area name"),
    "is_lead": ("是否负责人", "Lead", "负责人", "主副", "is lead", "lead or deputy"),
    "start": ("起始日期", "First day", "开始日期", "任职日期", "start", "start date", "from"),
    "end": ("结束日期", "Last day", "终止日期", "离任日期", "end", "end date", "until"),
    "department": ("科室", "Department", "部门", "所属科室", "unit", "office"),
}  # fmt: skip
MEANINGS = {
    "name": gettext_lazy("must be there"),
    "staff_number": gettext_lazy("the office's own number; people are found again by it"),
    "kind": gettext_lazy("one of the kinds of people; empty: full-time social worker"),
    "duty_phone": gettext_lazy("shown to colleagues and on boards"),
    "phone": gettext_lazy("stands encrypted, shown masked"),
    "role": gettext_lazy("one of the roles; empty: the person only"),
    "grid_code": gettext_lazy("code of the grid, community or street, as text"),
    "grid_name": gettext_lazy("instead of the code, where the name occurs once"),
    "is_lead": gettext_lazy("yes or no; empty: yes"),
    "start": gettext_lazy("such as 2026-03-03; empty: today"),
    "end": gettext_lazy("last day; empty: open"),
    "department": gettext_lazy("name or code, for department handlers"),
}
# Words of practice besides the labels of the roles.
ROLE_WORDS = {
    "网格长": Role.GRID_HEAD,
    "网格员": Role.COORDINATOR,
    "协管员": Role.COORDINATOR,
    "网格协管员": Role.COORDINATOR,
    "专职网格员": Role.MANAGER,
    "管理员": Role.MANAGER,
    "网格管理员": Role.MANAGER,
    "督导员": Role.SUPERVISOR,
    "网格督导员": Role.SUPERVISOR,
    "街道领导": Role.LEADER,
    "包片领导": Role.LEADER,
    "包社区领导": Role.LEADER,
    "派遣员": Role.DISPATCHER,
    "调度员": Role.DISPATCHER,
    "坐席员": Role.DESK_OPERATOR,
    "科室处置员": Role.DEPARTMENT_HANDLER,
}
KIND_WORDS = {
    "社工": PersonKind.SOCIAL_WORKER,
    "专职社工": PersonKind.SOCIAL_WORKER,
    "社区工作者": PersonKind.SOCIAL_WORKER,
    "街道干部": PersonKind.STREET_OFFICE,
    "街道工作人员": PersonKind.STREET_OFFICE,
    "民警": PersonKind.POLICE,
    "社区民警": PersonKind.POLICE,
    "物业": PersonKind.PROPERTY,
    "物业人员": PersonKind.PROPERTY,
    "业委会": PersonKind.OWNERS_COMMITTEE,
    "楼门长": PersonKind.BUILDING_HEAD,
    "楼长": PersonKind.BUILDING_HEAD,
    "志愿者": PersonKind.VOLUNTEER,
    "中心户": PersonKind.CENTRE_HOUSEHOLD,
}
YES = {"是", "主", "正", "负责人", "主责", "yes", "y", "true", "1", "lead", "√", "✓"}
NO = {"否", "副", "协助", "no", "n", "false", "0", "deputy", "×"}


@dataclass(frozen=True)
class Entry:
    """One row as it was meant. Empty texts and None: the list says nothing about it."""

    line: int
    name: str
    staff_number: str
    kind: str
    duty_phone: str
    phone: str
    role: str
    grid_code: str
    grid_name: str
    is_lead: bool | None
    start: datetime | None
    end: datetime | None
    department: str


def settle(table: Table) -> dict[str, str]:
    """Field → header of the table. Raises ListError when the name's column is not there."""
    columns = guess(table.headers, COLUMNS)
    if "name" not in columns:
        raise ListError(
            _("No column with names (姓名, Name) was found among: %(columns)s.")
            % {"columns": ", ".join(table.headers)}
        )
    if len(table.rows) > MOST_ROWS:
        raise ListError(
            _("The list has %(has)s rows; at most %(most)s go in at once. Split it.")
            % {"has": len(table.rows), "most": MOST_ROWS}
        )
    return columns


def read_entry(row: Row, columns: Mapping[str, str], words: Words) -> Entry:
    """The meaning of one row. Raises CellError with the reason in the reader's language."""

    def cell(name: str) -> Any:
        return row.values.get(columns[name]) if name in columns else None

    texts = {name: _text(cell(name)) for name in ("name", "department", "grid_name")}
    texts |= {
        name: cells.code_of(cell(name))
        for name in ("staff_number", "duty_phone", "phone", "grid_code")
    }
    if not texts["name"]:
        raise CellError(_("The name is missing."))
    if "*" in texts["phone"]:  # masked by an export: it says nothing
        texts["phone"] = ""
    _refuse_bad_texts(texts)
    zone = timezone.get_default_timezone()
    start = cells.moment_of(cell("start"), zone)
    end = _last_day(cells.moment_of(cell("end"), zone))
    if end is not None and start is not None and end <= start:
        raise CellError(_("The last day lies before the first."))
    role = words.role(_text(cell("role")))
    if not role and (texts["grid_code"] or texts["grid_name"]):
        raise CellError(_("A grid is named and no role."))
    return Entry(
        line=row.line,
        kind=words.kind(_text(cell("kind"))),
        role=role,
        is_lead=_yes(_text(cell("is_lead"))),
        start=start,
        end=end,
        **texts,
    )


def _refuse_bad_texts(texts: Mapping[str, str]) -> None:
    for name, most in LONGEST.items():
        if len(texts[name]) > most:
            raise CellError(
                _("“%(text)s…” is too long; at most %(most)s characters fit.")
                % {"text": texts[name][:20], "most": most}
            )
    for name in ("duty_phone", "phone"):
        if not set(texts[name]) <= PHONE_SIGNS:
            raise CellError(_("“%(text)s” is no phone number.") % {"text": texts[name][:30]})


class Words:
    """Names of roles and kinds in both languages, the office's own included."""

    def __init__(self) -> None:
        self._roles = {plain(word): str(role) for word, role in ROLE_WORDS.items()}
        self._kinds = {plain(word): str(kind) for word, kind in KIND_WORDS.items()}
        for language in ("en", "zh-hans"):
            with translation.override(language):
                self._roles |= {plain(str(role.label)): role.value for role in Role}
                self._kinds |= {plain(str(kind.label)): kind.value for kind in PersonKind}
        self._roles |= {plain(role.value): role.value for role in Role}
        self._kinds |= {plain(kind.value): kind.value for kind in PersonKind}

    def role(self, text: str) -> str:
        """The role that a cell names; empty for an empty cell."""
        return self._known(self._roles, text, [str(role.label) for role in Role])

    def kind(self, text: str) -> str:
        """The kind that a cell names; empty for an empty cell."""
        return self._known(self._kinds, text, [str(kind.label) for kind in PersonKind])

    @staticmethod
    def _known(known: Mapping[str, str], text: str, offered: list[str]) -> str:
        if not text:
            return ""
        found = known.get(plain(text))
        if found is None:
            raise CellError(
                _("“%(text)s” is not known. Use one of: %(words)s.")
                % {"text": text[:40], "words": ", ".join(offered)}
            )
        return found


def needs_grid(role: str) -> bool:
    """Whether a post of this role names a grid."""
    return role in GRID_ROLES


def _text(value: Any) -> str:
    """A cell's text with ordinary blanks; full-width signs become ordinary ones."""
    return " ".join(unicodedata.normalize("NFKC", cells.text_of(value)).split())


def _yes(text: str) -> bool | None:
    word = text.casefold()
    if not word:
        return None
    if word in YES or word in NO:
        return word in YES
    raise CellError(_("“%(text)s” is neither yes nor no; write 是 or 否.") % {"text": text[:20]})


def _last_day(moment: datetime | None) -> datetime | None:
    """The midnight after the last day; a clock time in the cell counts as it is."""
    if moment is None:
        return None
    local = timezone.localtime(moment)
    if local.time() != local.min.time():
        return moment
    day: date = local.date() + timedelta(days=1)
    return timezone.make_aware(datetime.combine(day, datetime.min.time()))
