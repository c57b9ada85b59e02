"""`muniment escrow list|open|export`: marking keys that lie with others."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

import node.marking
from tests.cli.test_deliver_marks import deliver, fair, founded_fair
from tests.cli.test_pledge import move_key

__all__ = ["fair", "founded_fair"]


@pytest.fixture
def handed_on(fair, founded_fair):
    """Key of the delivery of 乙公司 to 丙公司; its sealed key lies in on.csv.escrow.json."""
    deliver(fair, founded_fair)
    return deliver(fair, founded_fair, source="copy.csv", to="丙公司", out="on.csv")["subject"]


def test_who_licensed_the_sender_opens_the_sealed_key(fair, founded_fair, handed_on):
    document = fair.json("escrow", "open", "on.csv.escrow.json")
    assert document["subject"] == handed_on
    assert document["party"] == founded_fair.parties["甲公司"]
    assert fair.json("escrow", "open", "on.csv.escrow.json") == document
    listed = {each["subject"]: each for each in fair.json("escrow", "list")["items"]}
    assert len(listed) == 2
    assert listed[handed_on]["escrow"] == founded_fair.parties["甲公司"]
    assert listed[handed_on]["opened_by"] == [founded_fair.parties["甲公司"]]
    assert all(each["here"] for each in listed.values())


def test_people_see_with_whom_a_key_lies(fair, founded_fair, handed_on):
    english = fair.ok("escrow", "list", founded_fair.number).out
    assert "甲公司" in english
    assert "\tyes" in english
    assert "是" in fair.ok("escrow", "list", "--lang", "zh-CN").out


def test_a_sealed_key_names_no_secret_and_another_party_does_not_open_it(
    fair, founded_fair, handed_on, tmp_path
):
    fair.ok("escrow", "export", handed_on, "--out", "marks.json")
    value = json.loads(Path("marks.json").read_bytes())["value"]
    sealed = Path("on.csv.escrow.json").read_text()
    assert value["key"] not in sealed
    assert value["stream"] not in sealed
    move_key(fair, "甲公司", tmp_path / "elsewhere")
    error = fair.refused("escrow", "open", "on.csv.escrow.json", code=5)
    assert "none of its keys lies in this home" in error["message"]


MANGLINGS = {
    "a box changed": (5, lambda doc: doc["boxes"][0].update(sealed="A" * 400)),
    "another grant": (5, lambda doc: doc.update(grant="grant/" + "a" * 26)),
    "another format": (4, lambda doc: doc.update(format="muniment/state/v1")),
    "a member too many": (4, lambda doc: doc.update(more=1)),
    "boxes that are none": (4, lambda doc: doc.update(boxes="")),
}


@pytest.mark.parametrize("name", MANGLINGS)
def test_a_sealed_key_that_was_changed_is_refused(fair, handed_on, name):
    code, change = MANGLINGS[name]
    document = json.loads(Path("on.csv.escrow.json").read_bytes())
    change(document)
    Path("changed.json").write_text(json.dumps(document))
    error = fair.refused("escrow", "open", "changed.json", code=code)
    assert error["code"] == {4: "malformed", 5: "not_found"}[code]
    listed = {each["subject"]: each for each in fair.json("escrow", "list")["items"]}
    assert listed[handed_on]["opened_by"] == []


@pytest.mark.parametrize(
    "content", [b"a,b\n1,2\n", b"{}", b"\xff\xfe", b'{"format":"muniment/escrow/v1"}', b""]
)
def test_another_file_than_a_sealed_key_says_which_one_is_meant(fair, content):
    Path("copy.csv").write_bytes(content)
    error = fair.refused("escrow", "open", "copy.csv", code=4)
    assert error["code"] == "malformed"
    assert error["message"].startswith("copy.csv is no sealed marking key: ")
    assert error["hint"].startswith("give the OUT.escrow.json")
    chinese = fair.ok("escrow", "open", "copy.csv", "--lang", "zh-CN", code=4).err
    assert "请给出再交付时" in chinese


def test_who_is_not_there_is_looked_for_with_a_list_or_a_search(fair):
    for argv, look in (
        (("escrow", "list", "none"), "muniment search TEXT"),
        (("escrow", "export", "none", "--out", "m.json"), "muniment trace asset ASSET"),
        (("trace", "file", "table.csv", "--as", "none"), "muniment party list"),
        (("trace", "file", "table.csv", "--asset", "none"), "muniment search TEXT"),
        (("grant", "show", "none"), "muniment grant list"),
    ):
        assert fair.refused(*argv, code=5)["hint"] == f"look for it with '{look}'"
        assert f"请用 {look} 查找" in fair.ok(*argv, "--lang", "zh-CN", code=5).err


def test_the_key_of_an_exact_copy_or_of_another_home_is_not_there(fair, founded_fair):
    key = deliver(fair, founded_fair, "--exact")["subject"]
    assert (
        "exact copy" in fair.refused("escrow", "export", key, "--out", "m.json", code=5)["message"]
    )
    key = deliver(fair, founded_fair, out="b.csv")["subject"]
    Path(fair.home / "vault.db").unlink()
    error = fair.refused("escrow", "export", key, "--out", "m.json", code=5)
    assert "muniment escrow open FILE" in error["message"]
    assert not Path("m.json").exists()


def dishonest(monkeypatch, change):
    """Hand on a copy whose sealed document is not what its sender committed to."""
    honest = node.marking.seal_opening

    def sealing(registry, about, party, opening):
        return change(honest(registry, about, party, replace(opening, **FORGED)))

    monkeypatch.setattr(node.marking, "seal_opening", sealing)


FORGED = {"salt": "A" * 43}


def test_what_a_dishonest_sender_sealed_is_not_taken_for_his_key(fair, founded_fair, monkeypatch):
    deliver(fair, founded_fair)
    dishonest(monkeypatch, lambda document: document)
    deliver(fair, founded_fair, source="copy.csv", to="丙公司", out="on.csv")
    error = fair.refused("escrow", "open", "on.csv.escrow.json", code=3)
    assert "is not the marking key that" in error["message"]
    argv = ("escrow", "open", "on.csv.escrow.json", "--lang", "zh-CN")
    assert "所承诺的标记密钥" in fair.ok(*argv, code=3).err


def test_a_box_that_was_never_whole_is_told(fair, founded_fair, monkeypatch):
    deliver(fair, founded_fair)

    def cut(document):
        boxes = [
            each | {"sealed": each["sealed"][: len(each["sealed"]) // 4 * 4 - 8]}
            for each in document["boxes"]
        ]
        return document | {"boxes": boxes}

    dishonest(monkeypatch, cut)
    deliver(fair, founded_fair, source="copy.csv", to="丙公司", out="on.csv")
    error = fair.refused("escrow", "open", "on.csv.escrow.json", code=3)
    assert "damaged" in error["message"]
