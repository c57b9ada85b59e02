"""`muniment escrow split` and `combine`: the master secret in the hands of several."""

from pathlib import Path

from tests.support.tables import make_sales, write_csv


def split(program, *more):
    return program.json("escrow", "split", "--shares", 3, "--threshold", 2, "--out", "s", *more)


def test_two_of_three_shares_bring_the_secret_to_a_home_that_has_none(solo):
    write_csv("sales.csv", make_sales(50))
    solo.json("register", "sales.csv")
    made = split(solo)
    assert made["files"] == [f"s/share-{place}-of-3.txt" for place in (1, 2, 3)]
    assert (made["shares"], made["threshold"]) == (3, 2)
    elsewhere = ("--home", "other")
    solo.ok("init", "--solo", "--no-passphrase", *elsewhere)
    shares = ("s/share-3-of-3.txt", "s/share-1-of-3.txt")
    assert solo.json("escrow", "combine", *shares, *elsewhere) == {
        "check": made["check"],
        "new": True,
    }
    assert solo.json("escrow", "combine", *shares, *elsewhere)["new"] is False
    solo.json("escrow", "split", "--shares", 2, "--threshold", 2, "--out", "t", *elsewhere)
    assert solo.json("escrow", "combine", "t/share-1-of-2.txt", "t/share-2-of-2.txt") == {
        "check": made["check"],
        "new": False,
    }


def test_a_secret_that_is_there_is_not_replaced(solo):
    split(solo)
    solo.ok("init", "--solo", "--no-passphrase", "--home", "other")
    shares = ("--shares", 2, "--threshold", 2, "--out", "t", "--home", "other")
    solo.ok("escrow", "split", *shares)
    error = solo.refused("escrow", "combine", "t/share-1-of-2.txt", "t/share-2-of-2.txt", code=2)
    assert error["code"] == "exists"


def test_shares_are_for_their_keeper_alone_and_are_not_shown(solo):
    result = solo.ok("escrow", "split", "--shares", 3, "--threshold", 2, "--out", "s")
    for path in Path("s").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
        words = path.read_text().splitlines()[-1]
        assert len(words.split()) == 33
        assert words[:40] not in result.out + result.err
        assert "SLIP-39" in path.read_text()
    assert "hand each to another keeper" in result.err
    assert Path("s").stat().st_mode & 0o777 == 0o700


def test_two_splits_do_not_mix_in_one_folder(solo):
    split(solo)
    for count in (3, 4):
        options = ("--shares", count, "--threshold", 2, "--out", "s")
        error = solo.refused("escrow", "split", *options, code=2)
        assert (error["code"], error["hint"]) == ("exists", "name another folder with --out")
    assert len(list(Path("s").iterdir())) == 3
    Path("empty").mkdir()
    Path("link").symlink_to("empty")
    made = solo.json("escrow", "split", "--shares", 2, "--threshold", 2, "--out", "link")
    assert sorted(map(str, Path("empty").iterdir())) == [
        f"empty/{Path(each).name}" for each in made["files"]
    ]


def test_shares_do_not_lie_among_the_registrys_own_files(solo):
    options = ("--shares", 3, "--threshold", 2, "--out", solo.home / "wallet")
    assert solo.refused("escrow", "split", *options, code=2)["code"] == "own_file"
    assert not (solo.home / "wallet").exists()


def test_too_few_shares_say_how_many_are_needed(solo):
    split(solo)
    error = solo.refused("escrow", "combine", "s/share-1-of-3.txt", code=4)
    assert error["message"].startswith("2 shares are needed, and 1 were given")


def test_so_many_shares_cannot_be_made(solo):
    for shares, threshold in ((3, 1), (2, 3), (17, 2)):
        options = ("--shares", shares, "--threshold", threshold, "--out", "s")
        assert solo.refused("escrow", "split", *options, code=2)["code"] == "option_value"
    assert not Path("s").exists()


def test_both_commands_are_told_in_chinese(solo):
    shown = solo.ok(
        "escrow", "split", "--shares", 2, "--threshold", 2, "--out", "s", "--lang", "zh-CN"
    )
    assert shown.row("恢复所需") == "2 / 2"
    files = ("s/share-1-of-2.txt", "s/share-2-of-2.txt")
    assert solo.ok("escrow", "combine", *files, "--lang", "zh-CN").row("保险库") == "此前已有"
