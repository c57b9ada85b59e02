"""Errors become words, hints and exit codes: each class, each language."""

import io
import os
from pathlib import Path

import pytest

from cli.chinese import translate
from cli.exitcodes import Exit, UsageError, exit_for
from cli.hints import find_hint
from cli.lang import set_language, use_utf8
from cli.main import main, run
from cli.output import describe_error
from ledger import errors
from ledger.errors import LedgerError, RejectedError
from ledger.keys import PassphraseRequiredError, WrongPassphraseError
from node.verifier import OpeningRequiredError

CODES = {
    errors.LedgerError: Exit.BUG,
    errors.InputError: Exit.REFUSED,
    errors.MalformedError: Exit.REFUSED,
    errors.LimitError: Exit.REFUSED,
    errors.ExistsError: Exit.USAGE,
    errors.RejectedError: Exit.REFUSED,
    errors.NotFoundError: Exit.NOT_FOUND,
    errors.ConflictError: Exit.TRY_LATER,
    errors.VerificationError: Exit.NOT_AUTHENTIC,
    errors.SignatureError: Exit.NOT_AUTHENTIC,
    errors.InclusionError: Exit.NOT_AUTHENTIC,
    errors.MapProofError: Exit.NOT_AUTHENTIC,
    errors.BundleError: Exit.NOT_AUTHENTIC,
    errors.QuorumError: Exit.NOT_AUTHENTIC,
    errors.ReplayError: Exit.NOT_AUTHENTIC,
    errors.RollbackError: Exit.NOT_AUTHENTIC,
    errors.OriginError: Exit.NOT_AUTHENTIC,
    errors.AnswerError: Exit.NOT_AUTHENTIC,
    errors.BackdatedError: Exit.NOT_AUTHENTIC,
    errors.ConsistencyError: Exit.NOT_AUTHENTIC,
    errors.ForkError: Exit.NOT_AUTHENTIC,
    errors.UnavailableError: Exit.TRY_LATER,
    errors.FrozenError: Exit.TRY_LATER,
    errors.StoreFailedError: Exit.TRY_LATER,
    errors.CorruptionError: Exit.BUG,
    UsageError: Exit.USAGE,
    WrongPassphraseError: Exit.REFUSED,
    PassphraseRequiredError: Exit.USAGE,
    OpeningRequiredError: Exit.USAGE,
}
SPECIAL = {
    errors.RejectedError: ("why", "english", "中文", "Art. 1"),
    errors.ConflictError: (7,),
    errors.ConsistencyError: ("old", "new"),
    errors.ForkError: ("old", "new"),
}


def make(cls):
    return cls(*SPECIAL.get(cls, ("a sentence",)))


def all_classes():
    import cli.main  # noqa: F401  # imports what defines errors
    import node.maintenance  # noqa: F401

    found, waiting = [], [LedgerError]
    while waiting:
        cls = waiting.pop()
        waiting += cls.__subclasses__()
        if cls.__module__.partition(".")[0] in {"ledger", "contracts", "tracing", "node", "cli"}:
            found.append(cls)
    return sorted(found, key=lambda cls: cls.__name__)


@pytest.fixture(params=["en", "zh-CN"])
def language(request):
    set_language(request.param)
    yield request.param
    set_language("en")


@pytest.fixture
def chinese():
    set_language("zh-CN")
    yield
    set_language("en")


def has_han(text):
    return any("\u4e00" <= character <= "\u9fff" for character in text)


@pytest.mark.parametrize("cls", CODES, ids=lambda cls: cls.__name__)
def test_each_error_has_its_exit_code(cls):
    assert exit_for(make(cls)) == CODES[cls]


@pytest.mark.parametrize("cls", all_classes(), ids=lambda cls: cls.__name__)
def test_no_error_that_means_somebody_else_ends_as_our_bug(cls):
    parents = [parent for parent in cls.__mro__ if parent in CODES]
    assert parents, "every error descends from one in the table"
    if cls not in {errors.LedgerError, errors.CorruptionError}:
        assert CODES[parents[0]] != Exit.BUG


@pytest.mark.parametrize("cls", all_classes(), ids=lambda cls: cls.__name__)
def test_each_kind_of_error_has_a_chinese_name(cls):
    assert has_han(translate(cls.code, "a sentence nobody translated"))


def test_a_refusal_is_described_by_its_own_code_sentence_and_rule(language):
    refusal = RejectedError("why", "do this", "请这样做", "Art. 1")
    said = "请这样做" if language == "zh-CN" else "do this"
    assert describe_error(refusal) == {"code": "why", "message": said, "rule": "Art. 1"}
    assert "rule" not in describe_error(RejectedError("why", "do this", "请这样做"))


def test_a_usage_error_may_bring_its_hint(language):
    error = UsageError("wrong", "reason", hint="right")
    assert describe_error(error)["code"] == "reason"
    assert describe_error(error)["hint"] == "right"


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        ("nothing can be done", None),
        ("the log has 3 leaves", None),
        ("no log: give --policy FILE", "give --policy FILE"),
        ("too old; write 2026-11-22", "write 2026-11-22"),
        ("somebody else writes; try again", "try again"),
        (
            "there is no /tmp/a: make one with 'x', or name another",
            "make one with 'x', or name another",
        ),
        ("a: b: see 'muniment key list'", "see 'muniment key list'"),
        ("this is what it should say: nothing", None),
        ("没有口令：请用 --passphrase-file", "请用 --passphrase-file"),
        ("没有命令：见 muniment --help", "见 muniment --help"),
        ("线路不通：未知", None),
    ],
)
def test_the_next_step_is_read_off_a_message(message, hint):
    assert find_hint("any", message) == hint


def test_some_codes_have_a_next_step_of_their_own(language):
    hint = find_hint("wrong_step", "it is filed")
    assert "muniment registration show" in hint
    assert has_han(hint) is (language == "zh-CN")


def test_a_sentence_in_chinese_is_left_alone(chinese):
    assert translate("not_found", "没有凭证 X") == "没有凭证 X"


def test_an_unknown_sentence_is_shown_after_its_kind(chinese):
    assert translate("bundle", "odd parts") == "文件各部分不相符：odd parts"
    assert translate("no such code", "odd parts") == "odd parts"


def test_a_hint_that_the_message_holds_already_is_not_said_twice(program):
    result = program.ok("stats", code=5)
    assert result.err.count("make one with") == 1
    assert len(result.err.splitlines()) == 1


def test_the_rule_stands_behind_the_sentence(solo):
    result = solo.ok("register", "table.csv", "--basis", "contract", code=4)
    said, hint = result.err.splitlines()
    assert (
        said
        == "muniment: evidence: the basis contract needs evidence: the contract's digest (Art. 20)"
    )
    assert hint == "  next: give the file that the right rests on with --evidence FILE"


def fail_with(monkeypatch, error):
    def fail(*_args, **_kwargs):
        raise error

    monkeypatch.setattr("cli.session.Session.registry", fail)


def test_an_interrupt_ends_with_130(program, monkeypatch):
    fail_with(monkeypatch, KeyboardInterrupt())
    assert program.ok("stats", code=130).err == "interrupted\n"
    assert program.ok("stats", "--lang", "zh-CN", code=130).err == "已中断\n"


def test_an_end_of_input_ends_as_an_interrupt(program, monkeypatch):
    fail_with(monkeypatch, EOFError())
    assert program.ok("stats", code=130).err.strip() == "interrupted"


def test_an_error_of_the_system_is_no_bug(program, monkeypatch):
    fail_with(monkeypatch, PermissionError(13, "Permission denied", "/root/x"))
    error = program.refused("stats", code=6)
    assert error == {
        "code": "store_failed",
        "message": "cannot read or write /root/x: Permission denied",
    }


def test_a_reader_that_left_is_no_error(monkeypatch, capfd, tmp_path):
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path))
    kept = os.dup(1)
    fail_with(monkeypatch, BrokenPipeError(32, "Broken pipe"))
    try:
        with open(1, "w", closefd=False, encoding="utf-8") as stdout:
            monkeypatch.setattr("sys.stdout", stdout)
            assert main(["stats"]) == 0
            assert str(Path("/proc/self/fd/1").readlink()) == os.devnull
    finally:
        os.dup2(kept, 1)
        os.close(kept)
    assert capfd.readouterr().err == ""


def test_verbose_shows_where_a_bug_is(program, monkeypatch, capsys):
    fail_with(monkeypatch, ZeroDivisionError("here"))
    capsys.readouterr()
    assert main(["stats", "-v"]) == 1
    assert "Traceback" in capsys.readouterr().err
    assert "Traceback" not in program.ok("stats", code=1).err


def test_the_console_script_takes_arguments_and_locale_from_the_process(
    program, monkeypatch, capsys
):
    monkeypatch.setattr("sys.argv", ["muniment", "stats"])
    for locale, said in (("zh_CN.UTF-8", "没有登记系统"), ("C", "there is no registry")):
        monkeypatch.setenv("LC_ALL", locale)
        capsys.readouterr()
        with pytest.raises(SystemExit) as caught:
            run()
        assert caught.value.code == 5
        assert said in capsys.readouterr().err


def test_output_is_utf8_whatever_the_terminal_claims(monkeypatch):
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding="ascii")
    monkeypatch.setattr("sys.stdout", stream)
    monkeypatch.setattr("sys.stderr", io.StringIO())  # one that cannot be told
    use_utf8()
    stream.write("名 \udcff")
    stream.flush()
    assert written.getvalue() == "名 ".encode() + rb"\udcff"
