"""`muniment verify CASE --data --original --opening`: an examiner works the scores out again."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import run_quietly
from tests.cli.test_pledge import move_key
from tests.cli.test_trace_file import CASE, A, B, C, D, leak, leaked
from tests.support.leaks import edited, files_of, rebuilt

__all__ = ["leaked"]


@pytest.fixture(scope="module")
def handed_over(leaked, tmp_path_factory):
    """What an examiner is handed: the case, which names C's copy, both files, opened keys."""
    folder = tmp_path_factory.mktemp("handed-over")
    home = ("--home", leaked.home)
    shutil.copytree(leaked.files, folder, dirs_exist_ok=True)
    shutil.copy(leaked.home / "trust.policy", folder)
    leak(folder / "丙.csv", 800, out=folder / "leak.csv")
    run_quietly(*home, "escrow", "open", folder / "丙.csv.escrow.json")
    found = run_quietly(
        *home, "trace", "file", folder / "leak.csv", "--original", folder / "sales.csv",
        "--case", folder / CASE, "--as", A,
    )  # fmt: skip
    assert [each["delivery"] for each in found["named"]] == [leaked.sent[C]]
    for name in (B, C, D):
        out = folder / f"{name}.json"
        run_quietly(*home, "escrow", "export", leaked.sent[name], "--out", out)
    run_quietly(*home, "query", "asset", leaked.asset, "--proof", folder / "asset.json")
    return folder


@pytest.fixture
def examined(program, handed_over):
    """How to examine the case, on a machine that has no home."""
    shutil.copytree(handed_over, ".", dirs_exist_ok=True)

    def examine(*names, suspect="leak.csv", original="sales.csv", code=0, lang=None, file=CASE):
        openings = [word for name in names for word in ("--opening", f"{name}.json")]
        beside = ("--data", suspect, "--original", original, *openings)
        argv = ("verify", file, "--policy", "trust.policy", *beside)
        if lang:
            said = program.ok(*argv, "--lang", lang, code=code)
            return said.out + said.err
        return program.json(*argv, code=code)

    return examine


def scores(document):
    return [value for name, value in document["shown"] if name == "score"]


def check_of(document, name):
    (found,) = [each for each in document["checks"] if each["name"] == name]
    return found


def test_an_examiner_without_a_home_gets_the_stated_scores(examined, leaked):
    found = examined(B, C)
    assert found["verified"]
    assert "registered file" not in found["not_checked"]
    assert [line.partition(":")[0] for line in scores(found)] == [leaked.sent[B], leaked.sent[C]]
    assert all(line.endswith("the same") for line in scores(found))
    assert check_of(found, "scores")["detail"] == "2 of 3, worked out again"
    assert "scores" not in found["not_checked"]
    assert "scores of other deliveries: 1" in found["not_checked"]


def test_whoever_was_named_signed_the_case_and_the_examiner_learns_it(examined):
    found = examined(B, C)
    assert ["signed by", A] in found["shown"]
    assert check_of(found, "signature")["ok"]
    assert "who traced it" not in found["not_checked"]
    assert ["签名人", A] in [line.split() for line in examined(B, C, lang="zh-CN").splitlines()]


def test_with_every_key_nothing_of_the_scores_is_left_unchecked(examined):
    found = examined(B, C, D)
    assert found["verified"]
    assert check_of(found, "scores")["detail"] == "3 of 3, worked out again"
    assert not [name for name in found["not_checked"] if "scores" in name]
    assert "original of the case" not in found["not_checked"]


def test_people_read_both_scores_in_their_language(examined):
    english, chinese = examined(B, C, lang="en"), examined(B, C, lang="zh-CN")
    assert "worked out again" in english
    assert "一致" in chinese
    assert "已重新计算 3 项中的 2 项" in chinese


def add(number):
    """C's chance becomes another by so many thousandths."""

    def change(finding):
        finding["attribution"]["candidates"][2]["chance"] += number

    return change


def forge(change):
    """The case states something else, and is signed by nobody."""
    data = edited(Path(CASE).read_bytes(), lambda finding: finding.update(signer=None))
    files = files_of(edited(data, change))
    unsigned = {path: content for path, content in files.items() if not path.startswith("sign")}
    Path(CASE).write_bytes(rebuilt(unsigned))


def put(**members):
    return lambda finding: finding["attribution"].update(members)


def share(finding):
    finding["derivation"]["overlaps"][0]["of_suspect"] = [1, 1, 1]


LIES = {
    "a much smaller chance": add(-10_000),
    "a chance that is hardly another": add(-2),
    "another pattern": lambda f: f["attribution"]["candidates"][2].update(pattern="coin/8"),
    "fewer rows": lambda f: put(rows=f["attribution"]["rows"] - 1)(f),
    "another share": share,
}


@pytest.mark.parametrize("lie", LIES)
def test_a_case_that_states_another_score_is_not_authentic(examined, lie):
    forge(LIES[lie])
    found = examined(B, C, D, code=3)
    assert found["error"]["code"] == "other_score"
    assert not check_of(found, "scores")["ok"]
    assert found["error"]["message"] not in examined(B, C, D, code=3, lang="zh-CN")


def test_the_last_digit_may_be_rounded_to_either_side(examined):
    def round_otherwise(finding):
        finding["attribution"]["candidates"][2]["chance"] -= 1

    forge(round_otherwise)
    assert examined(B, C)["verified"]


def test_other_files_than_those_of_the_case_are_noticed(examined):
    assert examined(B, C, suspect="丁.csv", code=3)["error"]["code"] == "bundle"
    found = examined(B, C, original="丁.csv", code=3)
    assert "not the registered file" in found["error"]["message"]


REFUSED = (
    ((), {}, "opening_required"),
    ((C,), {}, "opening_required"),
    ((B,), {}, "opening_required"),
    ((B, C, C), {}, "opening_required"),
    ((B, C), {"suspect": "-"}, "usage"),
)


def test_what_is_missing_is_named_in_both_languages(examined, leaked):
    for names, files, reason in REFUSED:
        error = examined(*names, **files, code=2)["error"]
        assert error["code"] == reason, names
        chinese = examined(*names, **files, code=2, lang="zh-CN")
        assert error["message"] not in chinese
        assert not {"the", "takes", "with"} & {*chinese.split()}, chinese
    assert leaked.sent[C] in examined(B, code=2)["error"]["message"]


def test_a_copy_that_was_delivered_may_be_the_original_but_no_case_proves_which_it_is(
    examined, program, leaked
):
    shutil.copytree(leaked.home, program.home)
    argv = ("--original", "乙.csv", "--as", B, "--case", "b.zip")
    assert program.json("trace", "file", "leak.csv", *argv)["attribution"]["scored"] == 1
    found = examined(C, original="乙.csv", file="b.zip")
    assert (found["verified"], len(scores(found))) == (True, 1)
    assert "original of the case" in found["not_checked"]
    assert examined(C, original="丁.csv", file="b.zip", code=3)["error"]["code"] == "other_score"


def test_a_party_whose_key_is_elsewhere_signs_nothing_and_that_is_said(
    examined, program, leaked, tmp_path
):
    shutil.copytree(leaked.home, program.home)
    move_key(program, A, tmp_path / "elsewhere")
    argv = ("--original", "sales.csv", "--as", A, "--case", "a.zip")
    assert program.json("trace", "file", "leak.csv", *argv)["signer"] is None
    assert "who traced it" in examined(B, C, file="a.zip")["not_checked"]


def test_another_method_is_not_taken_for_this_one(examined):
    forge(put(method="score/0"))
    assert examined(B, C, code=2)["error"]["code"] == "unanswerable"


def test_an_opening_of_another_delivery_is_none_of_the_case(examined):
    opening = json.loads(Path(f"{C}.json").read_bytes())
    opening["salt"] = opening["salt"][::-1]
    Path("odd.json").write_text(json.dumps(opening))
    assert examined(B, C, "odd", code=2)["error"]["code"] in {"opening_required", "malformed"}


def test_openings_of_another_kind_say_which_file_and_what_it_takes(examined, program):
    Path("odd.json").write_bytes(b"{}")
    error = examined(B, "odd", code=4)["error"]
    assert error["message"].startswith("odd.json is no opened marking key: give what")
    assert "odd.json 不是开启的标记密钥" in examined(B, "odd", code=4, lang="zh-CN")
    argv = ("verify", CASE, "--policy", "trust.policy", "--data", "leak.csv")
    error = program.refused(*argv, "--opening", f"{B}.json", code=4)
    assert error["message"].endswith("an opened marking key goes with --original")


def test_only_a_case_has_scores(examined):
    error = examined(C, file="asset.json", code=2)["error"]
    assert error["code"] == "unanswerable"
