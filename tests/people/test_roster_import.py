"""Lists of the roster: taken in whole or not at all, again without effect, out without secrets."""

import csv
import io
from pathlib import Path

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.utils import timezone

from gridmgmt.core.models import AuditEntry
from gridmgmt.core.permissions import Role
from grids.people.models import Person, Post

HEAD = "姓名,类别,办公电话,手机,角色,网格编码,网格名称,是否负责人,起始日期,结束日期,科室\n"
GOOD = HEAD + (
    "钱一,专职社工,010-62781111,13811112222,网格管理员,110108999002001,,是,2026-01-05,,\n"
    "钱一,专职社工,010-62781111,13811112222,网格管理员,110108999002002,,否,2026-01-05,,\n"
    "吴二,社区民警,010-62781112,,网格督导员,,区home,是,,,\n"
    "郑三,街道工作人员,010-62781113,,department_handler,,,是,,,科室sanitation\n"
    "楼长四,楼门长,,13811113333,,,,,,,\n"
)


def upload(client, text, name="roster.csv"):
    data = text if isinstance(text, bytes) else text.encode()
    return client.post("/roster/import/", {"file": SimpleUploadedFile(name, data)})


def take_in(client, text, name="roster.csv"):
    page = upload(client, text, name)
    assert page.status_code == 200, page.context["form"].errors
    assert not page.context["result"].refused
    return client.post("/roster/import/", {"confirm": page.context["token"]}, follow=True)


def counts():
    return Person.objects.count(), Post.objects.count()


@pytest.mark.req("S-02", "S-04")
def test_a_list_goes_in_after_a_preview_and_again_adds_nothing(town, sign_in):
    client, before = sign_in("administrator"), counts()
    page = upload(client, GOOD)
    result = page.context["result"]
    assert (result.people, result.posts, result.refused) == (4, 4, [])
    assert counts() == before  # a preview writes nothing
    assert not AuditEntry.objects.filter(action__startswith="person.").exists()
    take_in(client, GOOD)
    assert counts() == (before[0] + 4, before[1] + 4)
    one = Person.objects.get(name="钱一")
    assert (one.phone, one.kind) == ("13811112222", "social_worker")
    assert sorted(one.posts.values_list("grid__code", "is_lead")) == [
        ("110108999002001", True),
        ("110108999002002", False),
    ]
    assert Person.objects.get(name="吴二").posts.get().role == Role.SUPERVISOR
    assert Person.objects.get(name="郑三").posts.get().department.system == "sanitation"
    again = upload(client, GOOD).context["result"]
    assert (again.people, again.posts, again.changes, again.known) == (0, 0, 0, 5)
    assert AuditEntry.objects.filter(action="roster.imported").count() == 1


def test_one_bad_row_stops_all_and_is_named_by_its_line(town, sign_in):
    client, before = sign_in("administrator"), counts()
    bad = HEAD + (
        "钱一,,,,网格管理员,110108999002001,,,,,\n"
        ",,,,网格管理员,110108999002001,,,,,\n"
        "吴二,,,,宇航员,110108999002001,,,,,\n"
        "郑三,,,,网格管理员,999,,,,,\n"
        "王五,,,,网格管理员,,,,,,\n"
        "赵六,,,,网格管理员,110108999002001,,也许,,,\n"
        "孙七,,,,网格管理员,110108999002001,,,2026-05-01,2026-04-01,\n"
        "周八,外星人,,,,,,,,,\n"
        "李九,,打电话,,,,,,,,\n"
        "冯十,,,,网格管理员,1.10109E+14,,,,,\n"
        "陈甲,,,,,110108999002001,,,,,\n"
    )
    page = upload(client, bad)
    refused = page.context["result"].refused
    assert [r.line for r in refused] == list(range(3, 13))
    assert all(r.reason for r in refused)
    assert page.context["token"] == ""
    assert "宇航员" in page.content.decode()
    assert counts() == before


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("roster.csv", b""),
        ("roster.csv", HEAD.encode()),
        ("roster.csv", "电话,地址\n1,2\n".encode()),
        ("roster.pdf", b"%PDF-1.4"),
        ("roster.xlsx", b"PK no workbook"),
        ("roster.csv", b"\x00\x01\x02"),
        ("roster.csv", ("姓名\n" + "某人\n" * 2001).encode()),
    ],
)
def test_files_that_are_no_roster(town, sign_in, name, data):
    page = upload(sign_in("administrator"), data, name)
    assert page.status_code == 422
    assert page.context["form"].errors["file"]


def test_who_confirms_must_have_seen_the_preview(town, sign_in):
    before = counts()
    token = upload(sign_in("administrator"), GOOD).context["token"]
    assert sign_in("owner").post("/roster/import/", {"confirm": token}).status_code == 403
    page = sign_in("administrator").post("/roster/import/", {"confirm": "guess"}, follow=True)
    assert "preview" in page.content.decode() or "预览" in page.content.decode()
    assert counts() == before


def test_people_are_found_again_by_number_or_by_name_and_phone(town, sign_in):
    client = sign_in("administrator")
    head = "工号,姓名,办公电话,类别\n"
    take_in(client, head + "A1,钱一,010-1,社工\nA2,钱一,010-2,社工\n")
    assert Person.objects.filter(name="钱一").count() == 2
    take_in(client, head + "A1,钱一,010-9,志愿者\n")
    assert Person.objects.get(staff_number="A1").duty_phone == "010-9"
    assert Person.objects.get(staff_number="A1").kind == "volunteer"
    wrong = upload(client, head + "A1,孙二,010-9,\n").context["result"]
    assert "钱一" in wrong.refused[0].reason
    unclear = upload(client, "姓名\n钱一\n").context["result"]
    assert unclear.refused
    namesake = upload(client, "姓名,办公电话\n王芳,010-7\n").context["result"]
    assert namesake.people == 1
    assert namesake.outcomes[0].warning


def test_a_list_changes_lead_and_end_and_stays_known(town, sign_in):
    client = sign_in("administrator")
    row = "王芳,010-62780000,Grid manager,110108999001001,{},{}\n"
    head = "Name,Duty phone,Role,Grid code,Lead,Last day\n"
    changed = take_in(client, head + row.format("no", ""))
    assert changed.status_code == 200
    posts = Post.objects.filter(person__name="王芳")
    assert [p.is_lead for p in posts.held_at(timezone.now())] == [False]
    take_in(client, head + row.format("no", "2099-12-31"))
    [post] = posts.held_at(timezone.now())
    assert timezone.localtime(post.valid.upper).isoformat() == "2100-01-01T00:00:00+08:00"
    again = upload(client, head + row.format("no", "2099-12-31")).context["result"]
    assert again.known == 1


def test_a_keeper_of_one_street_imports_there_only(town, sign_in):
    person = Person.objects.create(
        name="local", user=town.users["stranger"], duty_phone="1", kind="street_office"
    )
    Post.objects.create(
        person=person,
        role=Role.ADMINISTRATOR,
        grid=town.grids["away"],
        valid=(timezone.now(), None),
    )
    result = upload(sign_in("stranger"), GOOD).context["result"]
    assert [r.line for r in result.refused] == [2, 3, 4, 5]
    fine = HEAD + "钱一,,,,网格管理员,110108998001001,,,,,\n"
    assert upload(sign_in("stranger"), fine).context["result"].posts == 1


def test_the_command_and_excel_files(town, tmp_path: Path):
    path = tmp_path / "roster.xlsx"
    book = openpyxl.Workbook()
    book.active.append(["Name", "Duty phone", "Role", "Grid code", "First day"])
    book.active.append(["Ann", 62780001, "Grid manager", "110108999002001", "2026-03-01"])
    book.save(path)
    before, out = counts(), io.StringIO()
    call_command("import_roster", path, "--dry-run", stdout=out)
    assert counts() == before
    call_command("import_roster", path, stdout=out)
    assert counts() == (before[0] + 1, before[1] + 1)
    assert Person.objects.get(name="Ann").duty_phone == "62780001"
    book.active.append(["Bob", "", "Grid manager", "nowhere", ""])
    book.active.append(["Cid", "", "", "", ""])
    book.save(path)
    with pytest.raises(CommandError):
        call_command("import_roster", path, stdout=out, stderr=out)
    assert "3" in out.getvalue()
    assert not Person.objects.filter(name="Cid").exists()
    with pytest.raises(CommandError):
        call_command("import_roster", tmp_path / "nothing.csv")


@pytest.mark.req("S-02")
def test_the_export_is_masked_signed_safe_and_reads_back(town, sign_in):
    Person.objects.filter(name="王芳").update(phone="13800001999")
    Person.objects.create(name="=HYPERLINK(1)", duty_phone="+86-10")
    client = sign_in("administrator")
    text = b"".join(client.get("/roster/export.csv").streaming_content).decode("utf-8-sig")
    assert "13800001999" not in text
    assert "138****1999" in text
    rows = list(csv.reader(io.StringIO(text)))
    assert any(row and row[0] == "'=HYPERLINK(1)" for row in rows)
    assert "管理员" in text  # who took it out
    assert AuditEntry.objects.filter(action="roster.exported").count() == 1
    answer = client.get("/roster/export.xlsx")
    raw = b"".join(answer.streaming_content)
    sheet = openpyxl.load_workbook(io.BytesIO(raw)).worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value]
    assert all(cell.data_type == "s" for cell in cells)
    Person.objects.filter(name__startswith="=").delete()
    raw = b"".join(client.get("/roster/export.xlsx").streaming_content)
    back = upload(client, raw, "roster.xlsx").context["result"]
    assert (back.refused, back.people, back.posts, back.changes) == ([], 0, 0, 0)
    assert client.get("/roster/export.pdf").status_code == 404
    assert sign_in("owner").get("/roster/export.csv").status_code == 200
    assert sign_in("desk").get("/roster/export.csv").status_code == 403


def test_the_template_is_read_by_the_import(town, sign_in):
    raw = b"".join(sign_in("administrator").get("/roster/import/template.xlsx").streaming_content)
    book = openpyxl.load_workbook(io.BytesIO(raw))
    book.worksheets[0].append(["某人"])
    again = io.BytesIO()
    book.save(again)
    result = upload(sign_in("administrator"), again.getvalue(), "t.xlsx").context["result"]
    assert (result.people, len(result.columns)) == (1, 12)
