"""A list that says which building belongs to which grid: read it, and find each row's building.

Rows name buildings as people do: 荷清苑 + 3号楼, 成府路28号, or by their number in the base map.
What matches no building, or several, is reported with its row and the candidates; nothing is
guessed in silence.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gridmgmt.core.search import normalise
from gridmgmt.core.tables.cells import code_of, text_of
from gridmgmt.core.tables.errors import CellError, ListError
from gridmgmt.core.tables.headers import guess
from gridmgmt.core.tables.reading import read_table
from grids.territory.choices import PlaceKind
from grids.territory.errors import TerritoryError
from grids.territory.models import Building
from grids.territory.services.places import address_of, search_places, spellings_of

FIELDS: dict[str, Promise] = {
    "building": gettext_lazy("Building"),
    "estate": gettext_lazy("Estate"),
    "address": gettext_lazy("Address"),
    "building_id": gettext_lazy("Number in the base map"),
    "grid_code": gettext_lazy("Code of the grid"),
    "grid_name": gettext_lazy("Name of the grid"),
    "community": gettext_lazy("Community"),
    "households": gettext_lazy("Households"),
}
WORDS: dict[str, tuple[str, ...]] = {
    "building": (
        "楼栋", "楼号", "楼栋号", "楼栋名称", "楼宇", "楼", "栋", "幢", "建筑", "建筑名称",
        "building", "building name", "building number", "block", "tower",
    ),
    "estate": (
        "小区", "小区名称", "院落", "住宅小区", "园区", "家属院", "estate", "compound",
        "neighbourhood", "residential quarter",
    ),
    "address": (
        "门牌", "门牌号", "地址", "详细地址", "门牌地址", "坐落", "address", "street address",
        "house number",
    ),
    "building_id": (
        "建筑编号", "楼栋编号", "楼栋编码", "建筑编码", "底图编号", "building id", "osm id", "id",
        "source id",
    ),
    "grid_code": (
        "网格编码", "网格编号", "网格代码", "网格号", "所属网格编码", "grid code", "grid id",
        "grid number",
    ),
    "grid_name": ("网格名称", "网格", "所属网格", "网格名", "grid name", "grid"),
    "community": (
        "社区", "社区名称", "所属社区", "社区编码", "社区代码", "community", "community name",
        "community code", "neighborhood",
    ),
    "households": ("户数", "住户数", "居民户数", "总户数", "households", "dwellings", "flats"),
}  # fmt: skip
MOST_ROWS = 50_000
CANDIDATES = 5


@dataclass(frozen=True)
class ListRow:
    """One row as the list has it; `line` counts from 1, the header included."""

    line: int
    building: str
    estate: str
    address: str
    building_id: str
    grid_code: str
    grid_name: str
    community: str
    households: int | None

    @property
    def grid(self) -> str:
        """What names the row's grid: its code, else its name (with the community's)."""
        return self.grid_code or f"{self.community}|{self.grid_name}"

    @property
    def words(self) -> str:
        """The building in the list's own words."""
        return " ".join(
            dict.fromkeys(
                w for w in (self.estate, self.building, self.address, self.building_id) if w
            )
        )


@dataclass(frozen=True)
class Trouble:
    """A row that gives no building: why, and which buildings it might mean (id, name)."""

    line: int
    words: str
    reason: str
    candidates: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Matched:
    """Rows with their buildings (ids), and rows in trouble."""

    rows: tuple[tuple[ListRow, tuple[int, ...]], ...]
    troubles: tuple[Trouble, ...]


def headers_of(path: Path) -> tuple[str, ...]:
    """The list's headers. Raises TerritoryError when it is no readable list."""
    return _table(path).headers


def guessed_columns(headers: Iterable[str]) -> dict[str, str]:
    """Field → header, one header for one field."""
    found, taken = {}, set()
    for field, header in guess(headers, WORDS).items():
        if header not in taken:
            found[field] = header
            taken.add(header)
    return found


def read_list(path: Path, columns: Mapping[str, str]) -> tuple[list[ListRow], list[Trouble]]:
    """The rows, and those whose cells cannot be understood. Raises TerritoryError."""
    table = _table(path)
    missing = sorted({c for c in columns.values() if c not in table.headers})
    if missing:
        raise TerritoryError(
            _("The file has no column %(missing)s. Its columns: %(columns)s.")
            % {"missing": ", ".join(missing), "columns": ", ".join(table.headers)}
        )
    if not {"grid_code", "grid_name"} & columns.keys():
        raise TerritoryError(_("Choose the column with the grids' codes or their names."))
    if not {"building", "address", "building_id"} & columns.keys():
        raise TerritoryError(_("Choose the column with the buildings or their addresses."))
    if len(table.rows) > MOST_ROWS:
        raise TerritoryError(
            _("The list has more than %(rows)s rows. Split it by community.") % {"rows": MOST_ROWS}
        )
    rows, troubles = [], []
    for line in table.rows:
        try:
            row = _row(line.line, {f: line.values.get(c) for f, c in columns.items()})
        except CellError as error:
            troubles.append(Trouble(line.line, "", str(error)))
            continue
        if not (row.grid_code or row.grid_name):
            troubles.append(Trouble(row.line, row.words, _("The row names no grid.")))
        elif not row.words:
            troubles.append(Trouble(row.line, "", _("The row names no building.")))
        else:
            rows.append(row)
    return rows, troubles


def _table(path: Path):
    try:
        return read_table(path)
    except ListError as error:
        raise TerritoryError(str(error)) from error


def _row(line: int, cells: Mapping[str, object]) -> ListRow:
    households = text_of(cells.get("households"))
    if households and not re.fullmatch(r"[0-9]{1,6}", households):
        raise CellError(
            _("“%(text)s” is no whole number of households.") % {"text": households[:40]}
        )
    code, name = code_of(cells.get("grid_code")), text_of(cells.get("grid_name"))
    # A column headed 网格 holds names in one office and codes in the next; no grid's name is a
    # long number.
    if not code and re.fullmatch(r"[0-9]{6,}", name):
        code, name = code_of(name), ""
    return ListRow(
        line=line,
        building=text_of(cells.get("building")),
        estate=text_of(cells.get("estate")),
        address=text_of(cells.get("address")),
        building_id=text_of(cells.get("building_id")),
        grid_code=code,
        grid_name=name,
        community=text_of(cells.get("community")),
        households=int(households) if households else None,
    )


def match(rows: Iterable[ListRow], *, chosen: Mapping[int, int] | None = None) -> Matched:
    """Find each row's building. `chosen`: line → building id, what a person has decided.

    One name may stand for several parts of one building in the base map: they share their number
    there, and all are meant.
    """
    index = _Index.build()
    found: list[tuple[ListRow, tuple[int, ...]]] = []
    troubles: list[Trouble] = []
    claimed: dict[int, ListRow] = {}
    for row in rows:
        if chosen and row.line in chosen and chosen[row.line] in index.parts:
            ids: tuple[int, ...] = index.parts[chosen[row.line]]
        else:
            options = index.find(row)
            if len(options) != 1:
                troubles.append(_trouble(row, options, index))
                continue
            ids = options[0]
        other = claimed.get(ids[0])
        if other is not None and other.grid != row.grid:
            troubles.append(
                Trouble(
                    row.line,
                    row.words,
                    _("This building stands in row %(line)s already, with another grid.")
                    % {"line": other.line},
                )
            )
            continue
        if other is None:
            claimed[ids[0]] = row
            found.append((row, ids))
    return Matched(tuple(found), tuple(troubles))


def _trouble(row: ListRow, options: list[tuple[int, ...]], index: _Index) -> Trouble:
    if options:
        named = tuple((ids[0], index.shown[ids[0]]) for ids in options[:CANDIDATES])
        return Trouble(row.line, row.words, _("Several buildings are called so."), named)
    near = []
    for place in search_places(row.words, limit=CANDIDATES):
        if place.kind in {PlaceKind.BUILDING, PlaceKind.ADDRESS}:
            near += index.at.get((round(place.lon, 6), round(place.lat, 6)), [])
    named = tuple((pk, index.shown[pk]) for pk in dict.fromkeys(near))[:CANDIDATES]
    return Trouble(row.line, row.words, _("No building of the base map is called so."), named)


@dataclass(frozen=True)
class _Index:
    """Every spelling of every building; parts of one building under its first part."""

    by_words: dict[str, set[tuple[int, ...]]]
    by_source: dict[str, tuple[int, ...]]
    estates: dict[tuple[int, ...], str]
    parts: dict[int, tuple[int, ...]]
    shown: dict[int, str]
    at: dict[tuple[float, float], list[int]]

    @classmethod
    def build(cls) -> _Index:
        by_words: dict[str, set[tuple[int, ...]]] = defaultdict(set)
        groups: dict[str, list[Building]] = defaultdict(list)
        for building in Building.objects.order_by("pk").defer("footprint"):
            groups[building.source_id or f"#{building.pk}"].append(building)
        by_source, estates, parts, shown, at = {}, {}, {}, {}, defaultdict(list)
        for source_id, members in groups.items():
            ids = tuple(member.pk for member in members)
            by_source[source_id] = ids
            estates[ids] = normalise(members[0].estate)
            for member in members:
                parts[member.pk] = ids
                names = [member.name_en, member.name, *_names(member)]
                for name in filter(None, names):
                    by_words[normalise(name)].add(ids)
                shown[member.pk] = _shown(member)
                at[(round(member.point.x, 6), round(member.point.y, 6))].append(member.pk)
        return cls(by_words, by_source, estates, parts, shown, at)

    def find(self, row: ListRow) -> list[tuple[int, ...]]:
        """The buildings that the row can mean: by number, by full name, by name, by address."""
        for number in (row.building_id, row.building if "/" in row.building else ""):
            if number and number in self.by_source:
                return [self.by_source[number]]
        tries = [f"{row.estate}{row.building}" if row.estate and row.building else ""]
        # A number alone says something only where neither estate nor address says more.
        if row.building and (not _bare(row.building) or not (row.estate or row.address)):
            tries.append(row.building)
        tries += [row.address, f"{row.address}{row.building}" if row.address else ""]
        for text in filter(None, tries):
            for spelled in _variants(text):
                if hits := self.by_words.get(normalise(spelled)):
                    return self._narrowed(hits, row)
        return []

    def _narrowed(self, hits: set[tuple[int, ...]], row: ListRow) -> list[tuple[int, ...]]:
        if len(hits) > 1 and row.estate:
            same = {ids for ids in hits if self.estates[ids] == normalise(row.estate)}
            hits = same or hits
        return sorted(hits)


def _bare(name: str) -> bool:
    """A number alone (3号楼, 3): every estate has one."""
    return re.fullmatch(r"[0-9]+[a-zA-Z]?(?:号楼|号|楼|栋|幢|座)?", name) is not None


def _variants(text: str) -> list[str]:
    """荷清苑3 is also 荷清苑3号楼, 3栋 is 3号楼."""
    closed = text if text.isascii() else re.sub(r"\s+", "", text)
    bare = re.sub(r"(?:号楼|号|楼|栋|幢|座)$", "", closed)
    found = [text, closed]
    if bare and bare[-1].isdigit():
        found += [f"{bare}号楼", f"{bare}号", f"{bare}楼", bare]
    return list(dict.fromkeys(found))


def _names(building: Building) -> list[str]:
    address = address_of(building)
    names = [address] if address else []
    if building.name:
        names += spellings_of(building)
        names += [f"{building.estate}{building.name}"] if building.estate else []
        names += [f"{address}{building.name}"] if address else []
    return names


def _shown(building: Building) -> str:
    names = [building.estate, building.name, address_of(building)]
    parts = list(dict.fromkeys(name for name in names if name))
    return " ".join(parts) or building.source_id or f"#{building.pk}"
