"""`muniment demo`: the whole story on a small table, in both languages, and folders left alone."""

import importlib.util
import json
import shutil
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cli import story
from cli.story import HOLDER, MARK, Story, StoryError
from ledger.errors import UnavailableError
from tests.cli.conftest import TABLE
from tests.support.program import run_process

FILES = {
    "chain.dot", "chain.html", "chain.json", "chain.prov", "chain.svg", "copies", MARK,
    "forged.voucher.json", "found", "proofs", "registry", "table.csv", "trust.policy",
}  # fmt: skip
REFUSALS = 2


def demo(program, *more, **kwargs):
    Path("table.csv").write_bytes(TABLE)
    return program.ok("demo", "--table", "table.csv", "--out", "told", *more, **kwargs)


@pytest.fixture(scope="session")
def told(tmp_path_factory):
    """The story, told once in each language: its folder and what was said, by language."""
    told = {}
    for language in ("en", "zh-CN"):
        folder = tmp_path_factory.mktemp(f"told-{language}")
        (folder / "small.csv").write_bytes(TABLE)
        argv = ("demo", "--table", "small.csv", "--out", "told", "--lang", language)
        ended = run_process(*argv, home=folder / "nobody", cwd=folder)
        assert ended.code == 0, ended.err
        told[language] = (folder / "told", ended.out.decode(), ended.err)
    return told


@pytest.fixture(params=["en", "zh-CN"])
def telling(request, told):
    return told[request.param]


def test_everything_that_was_made_lies_in_the_folder_and_nowhere_else(telling):
    folder, _, _ = telling
    assert {path.name for path in folder.iterdir()} == FILES
    assert {path.name for path in folder.parent.iterdir()} == {"small.csv", "told"}
    assert (folder / "table.csv").read_bytes() == TABLE
    for name in ("copies/first.csv", "copies/second.csv", "found/offered.csv"):
        assert (folder / name).read_bytes() == TABLE, "too few rows for marks"


def test_every_artefact_verifies_again_with_the_policy_alone(telling, program):
    folder, _, _ = telling
    argv = ("--policy", folder / "trust.policy")
    proofs = [path for path in (folder / "proofs").iterdir() if "opening" not in path.name]
    assert len(proofs) == 6
    results = program.json("verify", *proofs, *argv)["results"]
    assert all(each["verified"] for each in results)
    kinds = {"voucher", "check", "query", "certificate", "pack"}
    assert {each["kind"] for each in results} == kinds
    for name in ("first", "second"):
        copy = folder / "copies" / f"{name}.csv"
        note = copy.with_name(f"{copy.name}.delivery.json")
        assert program.json("verify", note, "--data", copy, *argv)["verified"] is True
    verdicts = [program.json("verify", folder / "proofs" / f"check-{each}.json", *argv)["status"]
                for each in ("first", "second")]  # fmt: skip
    assert verdicts == ["permitted", "prohibited"]
    forged = program.json("verify", folder / "forged.voucher.json", *argv, code=3)
    assert forged["authentic"] is False


def test_the_registry_that_it_leaves_is_clean_and_can_be_asked(telling, program, tmp_path):
    folder, _, _ = telling
    shutil.copytree(folder / "registry", tmp_path / "home")
    program.ok("audit")
    chain = program.json("trace", "holder", HOLDER)
    assert (
        json.loads((folder / "chain.json").read_text("utf-8"))["subject"]
        == (chain["children"][0]["subject"])
    )
    ElementTree.parse(folder / "chain.svg")


def test_the_story_is_told_in_the_language_asked_for(told):
    _, out, err = told["en"]
    assert "== 4. 丙公司 tries to license 丁公司, and is refused with the clause" in out
    assert out.count("(exit code 4, as it should be)") == REFUSALS
    assert "permitted, but its count is used up" in out
    assert "verdict  prohibited" in out
    assert out.count("VERIFIED: ") == 8 + 1, "eight artefacts and a forgery"
    assert out.count("NOT VERIFIED: ") == 1
    assert out.count("验证通过：") == 8, "each artefact in both languages"
    assert "prohibition/0 prohibits it" in err
    assert "Everything lies in told" in err
    _, out, err = told["zh-CN"]
    assert "== 4. 丙公司 试图再授权 丁公司，被拒绝并指明条款" in out
    assert out.count("（退出码 4，理应如此）") == REFUSALS
    assert "结论    禁止" in out
    assert "一致：" in out
    assert "禁止该行为" in err
    assert "全部产物位于 told" in err
    for english in ("written ", "verdict ", "about ", "as of "):
        assert f"\n{english}" not in out


def test_no_command_of_the_story_needs_more_than_what_is_shown(told):
    """Each is shown as a person would type it in the folder."""
    _, out, _ = told["en"]
    commands = [line for line in out.splitlines() if line.startswith("$ muniment ")]
    assert len(commands) > 30
    assert not [line for line in commands if "--home" in line]


def test_for_programs_there_is_one_document_and_the_story_goes_to_stderr(program):
    result = demo(program, "--json")
    document = result.json
    assert document.keys() == {"folder", "voucher", "verified"}
    assert document["folder"] == "told"
    assert all((Path("told") / name).is_file() for name in document["verified"])
    assert len(document["verified"]) == 8
    assert "== 1. A registry" in result.err
    assert Path.cwd().name == "work", "it comes back to where it was called"


def test_an_earlier_demo_gives_way_to_the_next(program):
    Path("told").mkdir()
    (Path("told") / MARK).touch()
    (Path("told") / "old.txt").write_text("old")
    demo(program, "--json")
    assert not (Path("told") / "old.txt").exists()


def lay_file(place):
    place.write_text("mine")


def lay_folder(place):
    place.mkdir()
    (place / "mine.txt").write_text("mine")


def lay_link(place):
    lay_folder(place.with_name("other"))
    (place.with_name("other") / MARK).touch()
    place.symlink_to("other")


def lay_dead_link(place):
    place.symlink_to("nowhere")


TAKEN = {
    "a file": lay_file,
    "a folder with something in it": lay_folder,
    "a link to a demo's folder": lay_link,
    "a link to nowhere": lay_dead_link,
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_is_not_a_demo_s_folder_is_not_touched(program, name):
    Path("table.csv").write_bytes(TABLE)
    place = Path("told")
    TAKEN[name](place)
    before = {path: path.lstat().st_mtime_ns for path in Path().rglob("*")}
    argv = ("demo", "--table", "table.csv", "--out", "told")
    error = program.refused(*argv, code=2)
    assert error["code"] == "exists"
    assert "name another with --out" in error["message"]
    assert "请用 --out 另指定" in program.ok(*argv, "--lang", "zh-CN", code=2).err
    assert {path: path.lstat().st_mtime_ns for path in Path().rglob("*")} == before


def test_a_table_that_is_none_is_refused_before_anything_is_touched(program):
    Path("told").mkdir()
    (Path("told") / MARK).touch()
    (Path("told") / "table.csv").write_bytes(TABLE)
    argv = ("demo", "--out", "told", "--table")
    assert program.refused(*argv, "none.csv", code=5)["code"] == "not_found"
    assert program.refused(*argv, ".", code=2)["code"] == "usage"
    error = program.refused(*argv, "told/table.csv", code=2)
    assert "lies in told, which the demo empties" in error["message"]
    assert (Path("told") / "table.csv").read_bytes() == TABLE
    for table in ("none.csv", ".", "told/table.csv"):
        assert "muniment" in program(*argv, table, "--lang", "zh-CN").err


def test_an_empty_folder_and_an_empty_table_will_do(program):
    Path("told").mkdir()
    Path("empty.csv").write_bytes(b"")
    program.ok("demo", "--table", "empty.csv", "--out", "told", "--json")
    assert (Path("told") / "copies" / "second.csv").read_bytes() == b""
    assert program.json("--home", "told/registry", "audit")["clean"] is True


def test_a_passphrase_file_that_is_named_from_here_is_found_from_there(program, monkeypatch):
    monkeypatch.setenv("MUNIMENT_PASSPHRASE_FILE", "secret.txt")
    assert demo(program, "--json", code=2).error["code"] == "passphrase_file"
    Path("secret.txt").write_text("a passphrase\n")
    demo(program, "--json")
    assert program.json("--home", "told/registry", "audit")["clean"] is True


def test_where_the_table_is_not_given_the_package_s_is_taken_or_asked_for(program, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    error = program.refused("demo", "--out", "told", code=2)
    assert (error["code"], "give --table FILE" in error["message"]) == ("option_required", True)
    assert "请用 --table" in program.ok("demo", "--out", "told", "--lang", "zh-CN", code=2).err


# where the story goes another way


def tell(code):
    return Story(lambda argv: code, "table.csv", "x").tell


def test_a_command_that_ends_otherwise_is_a_bug(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoryError, match=r"muniment init .*: exit code 3, expected 0"):
        tell(3)()


def test_a_full_disk_and_ctrl_c_are_no_bugs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnavailableError, match="the demo stopped there"):
        tell(6)()
    with pytest.raises(KeyboardInterrupt):
        tell(story.INTERRUPTED)()


def test_a_quiet_command_that_fails_is_heard(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def run(argv):
        if argv[0] == "init":
            return 0
        print("why", file=sys.stderr)
        return 4

    with pytest.raises(StoryError):
        Story(run, "table.csv", "x").tell()
    assert "why" in capsys.readouterr().err
