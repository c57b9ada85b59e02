"""The three-hop resale story, told with the program's own commands on a real table.

A right-holder licenses a table with one onward copy; the licensee hands it on; whoever got it then
may not. Part of it turns up with a third: the marks in the copies say through whose hands it came.
Every command is the one that a person would type, and its exit code is checked.
"""

import contextlib
import io
import json
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from cli.exitcodes import Exit
from cli.lang import LANGUAGES, is_chinese, say, set_language
from cli.leak import count_rows, play_leak
from ledger.core.types import Json
from ledger.errors import UnavailableError
from tracing.extra import has_extra

Run = Callable[[list[str]], int]
"""Runs the program with these arguments; gives its exit code."""

MARK: Final = ".muniment-demo"
"""Says that a folder is a demo's, and may be emptied by the next one."""
POLICY: Final = "trust.policy"
HOME: Final = "registry"
"""The home folder of whoever works."""
INTERRUPTED: Final = 130
"""What the program gives when Ctrl-C ended it."""
HOLDER, FIRST, SECOND, THIRD = "甲公司", "乙公司", "丙公司", "丁公司"
FILED, OFFERED = "found/filed.csv", "found/offered.csv"
ENOUGH: Final = 5_000
"""A table with fewer rows tells too little of whose copy a part of it was."""


class StoryError(Exception):
    """A command of the story ended otherwise than the story goes: a bug."""


class Story:
    """One telling, in one folder, which is the current one.

    Args:
        run: The program.
        table: File name of the table that is registered, in the folder.
        title: What it is called.
        options: For every command that opens the registry.
    """

    ledger_home = HOME
    """Where the ledger lies in the end."""

    def __init__(self, run: Run, table: str, title: str, options: Sequence[str] = ()) -> None:
        self._run = run
        self._table = table
        self._title = title
        self._options = list(options)
        self.number = ""
        self.verified: list[str] = []
        self._is_marked = False

    def tell(self) -> None:
        """Tell it from the first event to the last verification.

        Raises:
            StoryError: A command did not end as it should: a bug.
            UnavailableError: A command could not read or write.
        """
        self._found()
        first = self._license()
        self._resell(first)
        self._find()
        self._ask(first)
        self._verify_all()
        self._audit()

    def _found(self) -> None:
        self._say("1. A registry, and a registered table", "1. 建立登记系统，登记一张数据表")
        self._open_registry()
        for name in (HOLDER, FIRST, SECOND, THIRD):
            self._quietly("party", "enroll", name, "--no-passphrase")
        rights = ["--right", "hold", "--right", "use", "--right", "operate"]
        self._do("register", self._table, "--title", self._title, *rights, "--as", HOLDER)
        self.number = self._find_voucher(self._title)
        self._is_marked = has_extra() and count_rows(Path(self._table)) >= ENOUGH
        self._before_proofs()
        voucher = f"proofs/{self.number}.voucher.json"
        opening = ["--opening", "proofs/opening.json"]
        self._do("voucher", "export", self.number, "--out", voucher, *opening)
        shutil.copy(f"{HOME}/{POLICY}", POLICY)

    def _open_registry(self) -> None:
        self._do("init", "--solo", "--no-passphrase", "--quiet")

    def _before_proofs(self) -> None:
        """What has to be waited for before proofs are written."""

    def _license(self) -> str:
        self._say(
            f"2. {HOLDER} licenses {FIRST}: use, and one onward copy; delivers; {FIRST} signs",
            f"2. {HOLDER} 授权 {FIRST}：可使用，可再转授一次；交付副本，{FIRST} 签收",
        )
        grant = self._grant(HOLDER, FIRST, "one-onward-copy")
        self._deliver(self._table, HOLDER, FIRST, "copies/first.csv")
        self._do("use", "record", grant, "--action", "read", "--count", "12")
        return grant

    def _resell(self, first: str) -> None:
        self._say(
            f"3. {FIRST} hands its one copy on to {SECOND}", f"3. {FIRST} 将唯一一次转授给 {SECOND}"
        )
        self._grant(FIRST, SECOND, "no-resale")
        self._deliver("copies/first.csv", FIRST, SECOND, "copies/second.csv")
        self._say(
            f"4. {SECOND} tries to license {THIRD}, and is refused with the clause",
            f"4. {SECOND} 试图再授权 {THIRD}，被拒绝并指明条款",
        )
        terms = ["--template", "internal-use"]
        self._do(
            *("grant", "issue", self.number, "--as", SECOND, "--to", THIRD, *terms),
            expected=Exit.REFUSED,
        )
        self._say(
            f"   {FIRST} has no second copy to hand on either", f"   {FIRST} 亦不得转授第二次"
        )
        self._do(
            *("grant", "issue", self.number, "--as", FIRST, "--to", THIRD, "--parent", first),
            *terms,
            expected=Exit.REFUSED,
        )

    def _find(self) -> None:
        """A copy, or a part of one, is found where none may be."""
        self._say(f"5. {THIRD} has the data all the same", f"5. {THIRD} 却持有该数据")
        if self._is_marked:
            self._play_leak()
            self._file_as_own()
            self._trace_leak()
        else:
            shutil.copy("copies/second.csv", OFFERED)

    def _play_leak(self) -> None:
        leak = play_leak(Path("copies/second.csv"), Path(FILED), Path(OFFERED))
        self._say(
            f"   Played by the demo, no command: {leak.rows:,} of the {leak.height:,} rows of "
            f"copies/second.csv, shuffled, as GB18030, are {FILED}; among {leak.foreign:,} rows "
            f"that are nobody's they are {OFFERED}",
            f"   由演示扮演，并非命令：copies/second.csv 共 {leak.height:,} 行，取其 {leak.rows:,} "
            f"行打乱并转为 GB18030，即 {FILED}；再混入 {leak.foreign:,} 行无关数据，"
            f"即 {OFFERED}",
        )

    def _file_as_own(self) -> None:
        self._say(
            f"   {THIRD} registers the rows as its own; the registry knows most of them already",
            f"   {THIRD} 将其作为自有数据登记；登记系统发现大部分内容此前已登记",
        )
        rights = ["--right", "hold", "--as", THIRD]
        self._do("register", FILED, "--title", self._title_of_third, *rights)

    def _trace_leak(self) -> None:
        trace = ["trace", "file", OFFERED, "--original", self._table, "--as", HOLDER]
        self._say(
            f"   From the marking keys of {HOLDER} alone: the delivery to {FIRST}, or one below it",
            f"   仅凭 {HOLDER} 的标记密钥：源自对 {FIRST} 的交付，或其下的再交付",
        )
        self._do(*trace, "--case", "proofs/found-alone.case.zip", "--quiet")
        self._say(
            f"   With the key that {FIRST} sealed for {HOLDER} when it handed its copy on",
            f"   加上 {FIRST} 再交付时密封托管于 {HOLDER} 的标记密钥",
        )
        self._do("escrow", "open", "copies/second.csv.escrow.json")
        self._do(*trace, "--case", "proofs/found.case.zip", "--quiet")
        self._say(
            f"   {HOLDER} objects to what {THIRD} registered, with the case as evidence",
            f"   {HOLDER} 以该案卷为证据，对 {THIRD} 的登记提出异议",
        )
        number = self._find_voucher(self._title_of_third)
        self._do("object", number, "--evidence", "proofs/found.case.zip", "--as", HOLDER)

    @property
    def _title_of_third(self) -> str:
        return f"{self._title}（{THIRD}）"

    def _ask(self, first: str) -> None:
        self._say("   Who was allowed to hand it on?", "   谁有权再流通？")
        for name, party in (("first", FIRST), ("second", SECOND)):
            proof = ["--proof", f"proofs/check-{name}.json"]
            act = ["--action", "distribute", "--by", party, "--asset", self.number]
            self._do("grant", "check", *act, *proof)
        self._say("6. The chain of title, and what a court would ask for", "6. 权利链与查询证明")
        self._do("trace", "asset", self.number)
        for form in ("json", "svg", "html", "prov", "dot"):
            out = ["--format", form, "--out", f"chain.{form}"]
            self._quietly("trace", "asset", self.number, *out)
        certificate = ["--certificate", "proofs/holders.certificate.json"]
        self._do("query", "holders", self.number, *certificate)
        below = ["--proof", "proofs/below.query.json"]
        self._quietly("query", "below", first, *below)
        pack = ["--purpose", "dispute", "--out", "proofs/dispute.zip"]
        self._do("voucher", "present", self.number, *pack)

    def _verify_all(self) -> None:
        self._say(
            "7. Everything is verified offline with the policy alone, in both languages",
            "7. 仅凭信任策略离线验证全部文件，两种语言各一遍",
        )
        files = sorted(str(path) for path in Path("proofs").iterdir() if "opening" not in path.name)
        copies = ("copies/first.csv", "copies/second.csv")
        forged, told = "forged.voucher.json", self._title
        voucher = Path(f"proofs/{self.number}.voucher.json").read_text("utf-8")
        Path(forged).write_text(voucher.replace(told, f"{told}（改）"), "utf-8")
        spoken = LANGUAGES[1 if is_chinese() else 0]
        for language in LANGUAGES:
            for file in files:
                self._verify(file, language)
            for copy in copies:
                self._verify(f"{copy}.delivery.json", language, "--data", copy)
            self._verify(forged, language, expected=Exit.NOT_AUTHENTIC)
        set_language(spoken)
        self.verified = [*files, *(f"{copy}.delivery.json" for copy in copies)]

    def _audit(self) -> None:
        self._say("8. The registry executes its whole log again", "8. 重新执行全部日志")
        self._do("audit")

    def _grant(self, grantor: str, grantee: str, template: str) -> str:
        terms = ["--template", template, "--until", "2030-12-31"]
        terms += [] if self._is_marked else ["--withheld", "0", "--rows-per-mark", "0"]
        self._do("grant", "issue", self.number, "--as", grantor, "--to", grantee, *terms)
        grant = self._newest_grant(grantee)
        self._do("grant", "accept", grant)
        return grant

    def _deliver(self, source: str, sender: str, recipient: str, out: str) -> None:
        sides = ["--as", sender, "--to", recipient]
        sides += [] if self._is_marked else ["--exact"]
        self._do("deliver", self.number, "--from", source, *sides, "--out", out, "--quiet")
        self._do("receive", f"{out}.delivery.json", "--file", out)

    def _find_voucher(self, title: str) -> str:
        state = self._ask_json("query", "asset", title)["value"]
        return str(_member(state, "state", "vouchers", 0, "value", "number"))

    def _newest_grant(self, grantee: str) -> str:
        grants = self._ask_json("grant", "list", "--party", grantee)
        return str(_member(grants, "items", 0, "grant"))

    def _verify(self, file: str, language: str, *more: str, expected: int = Exit.DONE) -> None:
        argv = ["verify", file, "--policy", POLICY, *more, "--lang", language]
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            code = self._run([*argv, "--home", "nowhere"])
        print(f"$ muniment {' '.join(argv)}")
        print(f"{out.getvalue().partition(chr(10))[0]}  [{code}]")
        _check(argv, code, expected)

    def _do(self, *argv: str, expected: int = Exit.DONE, home: str = HOME) -> None:
        where = "" if home == HOME else f"--home {home} "
        print(f"$ muniment {where}{' '.join(argv)}", flush=True)
        code = self._call(argv, home)
        if expected != Exit.DONE:
            print(say(f"(exit code {code}, as it should be)", f"（退出码 {code}，理应如此）"))
        _check(argv, code, expected)

    def _quietly(self, *argv: str, home: str = HOME) -> None:
        said = io.StringIO()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
            code = self._call(argv, home)
        if code != Exit.DONE:
            print(said.getvalue(), end="", file=sys.stderr)
        _check(argv, code, Exit.DONE)

    def _ask_json(self, *argv: str, home: str = HOME) -> dict[str, Json]:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            code = self._call([*argv, "--json"], home)
        _check(argv, code, Exit.DONE)
        document: dict[str, Json] = json.loads(out.getvalue())
        return document

    def _try_json(self, *argv: str) -> dict[str, Json] | None:
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            code = self._call([*argv, "--json"], HOME)
        return json.loads(out.getvalue()) if code == Exit.DONE else None

    def _call(self, argv: Sequence[str], home: str) -> int:
        language = LANGUAGES[1 if is_chinese() else 0]
        return self._run([*argv, "--home", home, *self._options, "--lang", language])

    def _say(self, en: str, zh: str) -> None:
        print(f"\n== {say(en, zh)}", flush=True)


def _check(argv: Sequence[str], code: int, expected: int) -> None:
    """Stop where the story goes another way.

    Raises:
        StoryError: The exit code is not the expected one.
        UnavailableError: The command could not read or write; it said what.
        KeyboardInterrupt: It was interrupted.
    """
    if code == expected:
        return
    if code == INTERRUPTED:
        raise KeyboardInterrupt
    if code == Exit.TRY_LATER:
        raise UnavailableError(
            say("the demo stopped there: try again", "演示到此中断：请排除上述问题后重试")
        )
    raise StoryError(f"muniment {' '.join(argv)}: exit code {code}, expected {expected}")


def _member(value: Json, *path: str | int) -> Json:
    """What lies at a path in a document of ours.

    Raises:
        StoryError: Nothing does.
    """
    for step in path:
        try:
            value = value[step]  # type: ignore[index]
        except (LookupError, TypeError) as exc:
            raise StoryError(f"the answer has no {step}") from exc
    return value
