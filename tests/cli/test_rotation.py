"""`muniment log rotate`: the log changes its key, with both keys here or one elsewhere."""

from pathlib import Path

from tests.cli.test_two_homes import move_key

RISK = "nobody believes the log who has not its new policy line"


def policy_logs(program):
    text = (program.home / "trust.policy").read_text()
    return [line for line in text.splitlines() if line.startswith("log ")]


def test_in_solo_the_key_changes_at_once_and_the_policy_line_is_shown(solo, founded):
    before = policy_logs(solo)
    result = solo.ok("log", "rotate", "--yes")
    line = result.row("policy_line")
    assert result.row("written") == "ledger.key"
    assert policy_logs(solo) == [line] != before
    assert solo.json("log", "checkpoint")["note"].count("\n— ") == 2
    solo.ok("audit")
    solo.ok("voucher", "export", founded.number)
    assert solo.json("verify", f"{founded.number}.voucher.json")["verified"]


def test_as_json_it_names_event_and_policy_line(solo):
    said = solo.json("log", "rotate", "--yes")
    assert said.keys() == {"event", "index", "subject", "policy_line"}
    assert (said["subject"], policy_logs(solo)) == ("ledger/self", [said["policy_line"]])


def test_what_was_exported_before_names_the_missing_key(solo, founded):
    solo.ok("log", "rotate", "--yes")
    checked = solo.ok("--json", "verify", founded.voucher, code=3)
    assert "get its new policy line from the registrar" in checked.out
    said = solo.ok("--lang", "zh-CN", "verify", founded.voucher, code=3)
    assert "请向登记机构索取新的策略行" in said.out + said.err


def test_it_is_meant_or_nothing_is_done(program):
    error = program.refused("log", "rotate", code=2)
    assert error["code"] == "not_confirmed"
    assert RISK in error["message"]
    assert not (program.home / "keys" / "log-2.key").exists()


def test_the_regulator_signs_elsewhere(national_program, tmp_path):
    program = national_program
    away = move_key(program, "regulator", tmp_path / "regulator")
    drafted = program.json("log", "rotate", "--yes", "--out", "k.json")
    assert (drafted["index"], drafted["file"]) == (None, "k.json")
    assert [each["count"] for each in drafted["missing"]] == [1]
    before = policy_logs(program)
    assert program.refused("submit", "k.json", code=4)["code"] == "signatures_missing"
    shown = program.ok("--home", away, "cosign", "k.json", "--show").out
    assert drafted["policy_line"].split()[1] in shown.replace("\n", "")
    program.ok("--home", away, "cosign", "k.json", "--key", "regulator")
    assert policy_logs(program) == before, "nothing has changed yet"
    program.ok("submit", "k.json")
    assert policy_logs(program) == [drafted["policy_line"]]
    program.ok("audit")


def test_a_draft_is_submitted_where_the_new_key_is(national_program, tmp_path):
    program = national_program
    away = move_key(program, "regulator", tmp_path / "regulator")
    program.ok("log", "rotate", "--yes", "--out", "k.json")
    program.ok("--home", away, "cosign", "k.json", "--key", "regulator")
    key = program.home / "keys" / "log-2.key"
    kept = key.rename(Path("log-2.key"))
    error = program.refused("submit", "k.json", code=4)
    assert error["code"] == "log_key_missing"
    kept.rename(key)
    program.ok("submit", "k.json")


def test_the_help_has_an_example_in_both_languages(program):
    assert "muniment log rotate --yes" in program.ok("log", "rotate", "--help").out
