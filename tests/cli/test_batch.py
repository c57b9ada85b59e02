"""`muniment register --batch`: every row filed once, and a result for each."""

import csv
import json
import stat
from pathlib import Path

import pytest

from node.batchfile import MAX_ROWS

COLUMNS = ["file", "data.title", "rights.right", "restrictions.resale", "ref"]


def table(rows, path="batch.csv", columns=COLUMNS, encoding="utf-8"):
    with Path(path).open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
    return path


def rows(count, start=0):
    found = []
    for i in range(start, start + count):
        Path(f"{i}.csv").write_text(f"hour,cars\n8,{i}\n")
        found.append([f"{i}.csv", f"南京市停车数据 2026 第{i}批", "hold;使用权", "否", ""])
    return found


def results(path="batch.csv.results.jsonl"):
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def assets(program):
    return [each["id"] for each in program.json("search", "停车数据", "--kind", "asset")["items"]]


def test_every_row_comes_to_its_voucher_under_solo(solo):
    document = solo.json("register", "--batch", table(rows(3)))
    assert document == {
        "batch": "batch.csv", "rows": 3, "filed": 3, "done": 0, "repeated": 0, "invalid": 0,
        "refused": 0, "vouchers": 3, "file": "batch.csv.results.jsonl",
    }  # fmt: skip
    lines = results()
    assert [each["row"] for each in lines] == [1, 2, 3]
    assert {each["status"] for each in lines} == {"filed"}
    assert [each["voucher"][-4:] for each in lines] == ["0002", "0003", "0004"]
    for line in lines:
        asset = solo.json("query", "asset", line["voucher"])["value"]["state"]
        assert asset["registration"] == line["registration"]
        assert asset["fields"]["restrictions"] == {"resale": False}
        assert [each["value"]["right"] for each in asset["tuples"]] == ["hold", "use"]
    solo.ok("audit")


def test_the_applicant_s_reference_is_found_in_the_list_until_it_is_erased(solo):
    (row,) = rows(1)
    solo.ok("register", "--batch", table([[*row[:-1], "A-17"]]))
    key = results()[0]["registration"]

    def refs(*words):
        items = solo.json("registration", "list", *words)["items"]
        return {each["ref"] for each in items if each["registration"] == key}

    assert (refs("--application"), refs()) == ({"A-17"}, {None})
    solo.ok("vault", "erase", key, "--reason", "asked", "--yes")
    assert refs("--application") == {None}


def test_the_results_are_for_this_user_alone(solo):
    solo.ok("register", "--batch", table(rows(1)))
    mode = stat.S_IMODE(Path("batch.csv.results.jsonl").stat().st_mode)
    assert mode == 0o600
    assert not Path("batch.csv.results.jsonl.part").exists()


def test_running_again_files_nothing_and_tells_the_same(solo):
    path = table(rows(3))
    solo.ok("register", "--batch", path)
    before, size = results(), solo.json("log", "checkpoint")["size"]
    document = solo.json("register", "--batch", path)
    assert (document["filed"], document["done"]) == (0, 3)
    kept = ("row", "event", "index", "asset", "registration", "voucher")
    assert [{n: r[n] for n in kept} for r in results()] == [{n: r[n] for n in kept} for r in before]
    assert solo.json("log", "checkpoint")["size"] == size


def test_rows_that_came_or_were_mended_are_filed_and_the_others_are_not(solo):
    known = rows(2)
    broken = [["gone.csv", "南京市停车数据 2026 缺", "hold", "", ""]]
    document = solo.json("register", "--batch", table([*known, *broken]), code=4)
    assert (document["filed"], document["invalid"]) == (2, 1)
    assert results()[2]["findings"] == [
        {"path": "file", "message": "names a file that is not there"}
    ]
    Path("gone.csv").write_text("here now\n")
    document = solo.json("register", "--batch", table([*broken, *known, *rows(1, 7)]))
    assert (document["filed"], document["done"]) == (2, 2)


def test_a_changed_file_is_another_row(solo):
    path = table(rows(1))
    solo.ok("register", "--batch", path)
    Path("0.csv").write_text("other\n")
    assert solo.json("register", "--batch", path)["filed"] == 1


def test_the_same_row_again_is_told_and_not_filed_but_for_another_ref(solo):
    (row,) = rows(1)
    document = solo.json("register", "--batch", table([row, row, [*row[:-1], "second"]]))
    assert (document["filed"], document["repeated"]) == (2, 1)
    first, second, third = results()
    assert second["status"] == "repeated"
    assert "the same as row 1" in second["findings"][0]["message"]
    assert third["duplicates"] == [{"asset": first["asset"], "match": "exact"}]


def test_content_that_was_registered_before_is_told_with_its_asset(solo, founded):
    solo.ok("register", "--batch", table([["table.csv", "南京市停车数据 2026", "", "", ""]]))
    (line,) = results()
    asset = founded.registered["asset"]
    assert line["duplicates"] == [{"asset": asset, "voucher": founded.number, "match": "exact"}]


def test_a_dry_run_names_every_fault_and_files_nothing(solo):
    good = rows(1)
    bad = [["x.csv", "", "sell", "maybe", ""]]
    size = solo.json("log", "checkpoint")["size"]
    document = solo.json("register", "--batch", table([*good, *bad, *good]), "--dry-run", code=4)
    assert (document["valid"], document["invalid"], document["repeated"]) == (1, 1, 1)
    found = document["results"][0]["findings"]
    assert [each["path"] for each in found] == [
        "data.title",
        "restrictions.resale",
        "rights.1.right",
    ]
    assert solo.json("log", "checkpoint")["size"] == size
    assert not Path("batch.csv.results.jsonl").exists()
    people = solo.ok("register", "--batch", "batch.csv", "--dry-run", "--lang", "zh-CN", code=4)
    assert "第 2 行（文件第 3 行）：data.title 未填写" in people.out
    assert people.row("须更正") == "1"


def test_people_see_how_it_went(solo):
    result = solo.ok("register", "--batch", table(rows(2)))
    assert (result.row("filed"), result.row("vouchers")) == ("2", "2")
    chinese = solo.ok("register", "--batch", "batch.csv", "--lang", "zh-CN")
    assert chinese.row("此前已提交") == "2"


def test_lines_of_json_are_rows_too_nested_or_by_path(solo):
    rows(3)
    lines = [
        {"file": "0.csv", "data": {"title": "停车数据 0"}, "rights": [{"right": ["use"]}]},
        {"file": ["1.csv", "2.csv"], "data.title": "停车数据 1", "ref": "r"},
        "no object",
    ]
    Path("batch.jsonl").write_text("\n\n".join(json.dumps(each) for each in lines))
    document = solo.json("register", "--batch", "batch.jsonl", code=4)
    assert (document["filed"], document["invalid"]) == (2, 1)
    found = results("batch.jsonl.results.jsonl")
    assert found[1]["ref"] == "r"
    assert len(solo.json("query", "asset", found[1]["asset"])["value"]["state"]["content"]) == 2
    assert found[2]["findings"][0]["message"].startswith("cannot be read: ")


def test_a_byte_order_mark_and_blank_lines_are_no_rows(solo):
    path = table([*rows(1), ["", "", "", "", ""]], encoding="utf-8-sig")
    assert solo.json("register", "--batch", path)["rows"] == 1


@pytest.mark.parametrize(
    ("encoding", "said"), [("gb18030", "GB18030"), ("utf-16", "UTF-16"), ("latin-1", "")]
)
def test_another_encoding_is_refused_plainly_before_anything_is_filed(solo, encoding, said):
    text = (
        "file,data.title\n0.csv,é\n" if encoding == "latin-1" else "file,data.title\n0.csv,停车\n"
    )
    Path("batch.csv").write_bytes(text.encode(encoding))
    error = solo.refused("register", "--batch", "batch.csv", code=4)
    assert "not UTF-8" in error["message"]
    assert said in error["message"]
    assert (
        "请另存为 UTF-8"
        in solo.ok("register", "--batch", "batch.csv", "--lang", "zh-CN", code=4).err
    )


BROKEN = {
    "nothing": ("", "is empty"),
    "unknown column": ("file,heading\n", "no blank of the form has the name in column 2"),
    "doubled column": ("file,file\n", "twice"),
    "doubled blank": ("file,rights.right,rights.1.right\n", "twice"),
    "open quote": ('file,data.title\n0.csv,"x\n', "no row of a CSV table"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_table_is_refused_before_anything_is_filed(solo, name):
    text, said = BROKEN[name]
    Path("batch.csv").write_text(text)
    assert said in solo.refused("register", "--batch", "batch.csv", code=4)["message"]
    assert not Path("batch.csv.results.jsonl").exists()


def test_a_row_of_another_length_is_a_fault_of_that_row_alone(solo):
    (row,) = rows(1)
    path = Path(table([row]))
    path.write_text(path.read_text() + "0.csv,a,b,c,d,e,f\n")
    document = solo.json("register", "--batch", "batch.csv", code=4)
    assert (document["filed"], document["invalid"]) == (1, 1)
    assert "has 7 cells, the header 5" in results()[1]["findings"][0]["message"]


def test_a_file_that_is_not_there_or_too_long_is_said(solo, monkeypatch):
    assert solo.refused("register", "--batch", "none.csv", code=5)["code"] == "not_found"
    monkeypatch.setattr("node.batchfile.MAX_ROWS", 2)
    error = solo.refused("register", "--batch", table(rows(3)), code=4)
    assert error["code"] == "limit"
    assert MAX_ROWS == 100_000


def test_only_initial_registrations_come_in_a_batch(solo):
    rows(1)
    Path("batch.jsonl").write_text(json.dumps({"file": "0.csv", "type": "transfer"}))
    solo.ok("register", "--batch", "batch.jsonl", code=4)
    (line,) = results("batch.jsonl.results.jsonl")
    assert "initial registrations only" in line["findings"][0]["message"]


def test_a_row_may_name_many_files_but_not_too_many(solo):
    names = [f"{i}.csv" for i in range(3)]
    rows(3)
    many = ";".join(["0.csv"] * 101)
    wide = [[";".join(names), "停车数据 1", "", "", ""], [many, "停车数据 2", "", "", ""]]
    document = solo.json("register", "--batch", table(wide), code=4)
    assert (document["filed"], document["invalid"]) == (1, 1)


def test_outside_solo_rows_are_filed_and_wait_for_the_registrar(national_program, applicant):
    program = national_program
    columns = [
        "file", "data.title", "data.summary", "data.source", "data.industry", "data.spatial",
        "data.update_frequency", "data.volume", "data.form", "basis", "classification.class",
        "classification.level", "rights.right", "applicants.name", "applicants.kind",
        "applicants.id_number", "applicants.party",
    ]  # fmt: skip
    shared = [
        "停车", "采集生成", "G54", "市级", "天", "1 万行", "表格;结构化", "self-generated",
        "enterprise", "general-2", "hold;use", "Applicant", "legal", "91440300708461136T", applicant,
    ]  # fmt: skip
    full = [[name, title, *shared] for name, title, *_ in rows(2)]
    lacking = [["0.csv", "缺项", *[""] * 15]]
    document = program.json(
        "register", "--batch", table([*full, *lacking], columns=columns), code=4
    )
    assert (document["filed"], document["vouchers"], document["invalid"]) == (2, 0, 1)
    state = program.json("registration", "show", results()[0]["registration"])["value"]["state"]
    assert [each["value"] for each in state["status"]] == ["filed"]
    missing = {each["path"] for each in results()[2]["findings"]}
    assert {"basis", "data.summary", "applicants.1.id_number", "rights.1.right"} <= missing
    argv = ("register", "--batch", "batch.csv", "--as", applicant)
    assert program.json(*argv, code=4)["done"] == 2


def test_an_empty_table_is_printed_and_can_be_filled_in(solo):
    header, example = solo.ok("register", "--template", "batch").out.splitlines()
    assert header.startswith("file,ref,")
    assert example.startswith("# january.csv,")
    Path("t.csv").write_text(f"{header}\n{example}\n")
    assert solo.json("register", "--batch", "t.csv", "--dry-run")["rows"] == 0
    Path("january.csv").write_text("x")
    Path("t.csv").write_text(f"{header}\n{example}\n{example.removeprefix('# ')}\n")
    document = solo.json("register", "--batch", "t.csv", "--dry-run")
    assert (document["rows"], document["valid"]) == (1, 1)


def test_results_name_the_lines_of_the_file(solo):
    names = [row[0] for row in rows(2)]
    lines = ["file,data.title,data.summary", f'{names[0]},停车 2026,"two\nlines"', "", "# a remark",
             f"{names[1]},,"]  # fmt: skip
    Path("b.csv").write_text("\n".join(lines) + "\n")
    solo.ok("register", "--batch", "b.csv", code=4)
    assert [(each["row"], each["line"]) for each in results("b.csv.results.jsonl")] == [
        (1, 2),
        (2, 6),
    ]
    assert "row 2 (line 6): data.title" in solo.ok("register", "--batch", "b.csv", code=4).out
    Path("b.jsonl").write_text('\n{"file": "0.csv"}\n')
    assert "row 1 (line 2): " in solo.ok("register", "--batch", "b.jsonl", code=4).out


def test_a_row_whose_applicant_is_not_who_is_enrolled_is_a_fault_of_it(licensed):
    rows(1)
    columns = ["file", "data.title", "applicants.name", "applicants.kind", "applicants.party"]
    lines = [["0.csv", "停车数据 2026", "乙公司", "natural", "甲公司"]]
    licensed.ok("register", "--batch", table(lines, columns=columns), code=4)
    found = {each["path"]: each["message"] for each in results()[0]["findings"]}
    assert found.keys() == {"applicants.1.name", "applicants.1.kind"}
    assert "the ledger has 甲公司" in found["applicants.1.name"]


def test_what_a_rule_refuses_is_said_of_its_row_and_the_others_are_filed(solo):
    good = rows(2)
    bad = [["0.csv", "停车数据 国家机关", "hold", "", ""]]
    columns = [*COLUMNS, "basis"]
    lines = [[*good[0], ""], [*bad[0], "state-organ"], [*good[1], ""]]
    document = solo.json("register", "--batch", table(lines, columns=columns), code=4)
    assert (document["filed"], document["vouchers"]) == (3, 2)
    first, second, third = results()
    assert second["error"]["rule"].startswith("Art. ")
    assert "voucher" not in second
    assert int(third["voucher"][-4:]) == int(first["voucher"][-4:]) + 1, "no number is used up"
    assert solo.json("register", "--batch", "batch.csv", code=4)["done"] == 3


def test_joint_rows_and_rows_of_strangers_are_faults_of_their_applicants(licensed):
    columns = ["file", "data.title", "applicants.1.name", "applicants.2.name", "rights.right",
               "rights.holder"]  # fmt: skip
    rows(3)
    lines = [
        ["0.csv", "停车数据 0", "甲公司", "", "hold", ""],
        ["1.csv", "停车数据 1", "甲公司", "乙公司", "hold", "甲公司"],
        ["2.csv", "停车数据 2", "乙公司", "", "hold", ""],
    ]
    (licensed.home / "keys" / key_name(licensed, "乙公司")).rename("away.key")
    licensed.ok("register", "--batch", table(lines, columns=columns), code=4)
    first, second, third = results()
    assert first["status"] == "filed"
    assert "one by one, with --form" in second["findings"][0]["message"]
    assert [each["path"] for each in third["findings"]] == ["applicants"]


def key_name(program, party):
    state = program.json("query", "party", party)["value"]["state"]
    dids = [each["value"] for each in state["keys"]]
    (found,) = [
        path.name
        for path in program.home.glob("keys/*.key")
        if json.loads(path.read_bytes())["public"] in dids
    ]
    return found


def test_the_digests_of_a_batch_are_published_only_if_asked(solo):
    from hashlib import sha256

    path = table(rows(1))
    digest = sha256(Path("0.csv").read_bytes()).hexdigest()
    solo.ok("register", "--batch", path, "--publish-digest")
    assert solo.json("query", "absent", "--digest", digest, code=5)["present"] is True


def test_when_the_month_s_numbers_are_used_up_rows_are_filed_and_wait(solo, monkeypatch):
    with monkeypatch.context() as month:
        month.setattr("node.batchrecording.last_serial", lambda _: 9999)
        document = solo.json("register", "--batch", table(rows(2)), code=4)
    assert (document["filed"], document["vouchers"]) == (2, 0)
    assert {each["error"]["code"] for each in results()} == {"series_full"}
    document = solo.json("register", "--batch", "batch.csv")
    assert (document["done"], document["vouchers"]) == (2, 2)


def test_numbers_that_another_takes_meanwhile_are_signed_again(solo, monkeypatch):
    import node.batchrecording

    real, calls = node.batchrecording.last_serial, []

    def stale(registry):
        calls.append(registry)
        return real(registry) - 1 if len(calls) == 1 else real(registry)

    monkeypatch.setattr(node.batchrecording, "last_serial", stale)
    document = solo.json("register", "--batch", table(rows(3)))
    assert (document["vouchers"], len(calls)) == (3, 2)


def wide_row(name, size, files):
    """A row whose texts have so many characters, each of four bytes, and so many files."""
    big = "𠮷"
    names = [f"{name}-{i}.csv" for i in range(files)]
    for each in names:
        Path(each).write_text(each)
    return {
        "files": names,
        "data": {"title": f"停车数据 {name}", "summary": big * size},
        "restrictions": dict.fromkeys(("users", "region", "other"), big * min(size, 400)),
    }


def test_a_row_too_large_ever_to_be_published_is_told_and_not_filed(solo):
    made = [wide_row("a", 2000, 100), wide_row("b", 1000, 1), wide_row("c", 100, 100)]
    Path("wide.jsonl").write_text("".join(json.dumps(each) + "\n" for each in made))
    document = solo.json("register", "--batch", "wide.jsonl", code=4)
    assert (document["filed"], document["vouchers"], document["refused"]) == (2, 2, 0)
    (found,) = results("wide.jsonl.results.jsonl")[0]["findings"]
    assert found["path"] == "data"
    assert "bytes more than a registration holds" in found["message"]


@pytest.mark.parametrize("size", range(100, 1300, 200))
def test_what_passes_for_its_size_comes_to_its_voucher(solo, size):
    path = Path("wide.jsonl")
    made = [wide_row(f"{size}-{count}", size, count) for count in (1, 30, 60, 100)]
    path.write_text("".join(json.dumps(each) + "\n" for each in made))
    for options in ((), ("--publish-digest",)):
        document = solo("--json", "register", "--batch", path, *options).json
        assert document["vouchers"] == document["filed"] + document["done"] > 0


@pytest.mark.parametrize("name", ["/etc/hostname", "../out.csv", "sub/../../out.csv"])
def test_files_lie_beside_the_batch_and_nowhere_else(solo, name):
    Path("../out.csv").write_text("x\n")
    Path("sub").mkdir()
    Path("sub/in.csv").write_text("y\n")
    lines = [[name, "停车数据 2026", "", "", ""], ["sub/in.csv", "停车数据 2027", "", "", ""]]
    document = solo.json("register", "--batch", table(lines), code=4)
    assert (document["filed"], document["invalid"]) == (1, 1)
    (found,) = results()[0]["findings"]
    assert found["path"] == "file"
    assert "put the batch beside its data" in found["message"]
