"""The three-hop resale story, told with the program's own commands on a real table.

A right-holder licenses a table with one onward copy; the licensee hands it on; whoever got it then
may not. Every command is the one that a person would type, and its exit code is checked.
"""

import contextlib
import io
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from cli.exitcodes import Exit
from cli.lang import LANGUAGES, is_chinese, say, set_language
from ledger.core.types import Json

Run = Callable[[list[str]], int]
"""Runs the program with these arguments; gives its exit code."""

MARK: Final = ".muniment-demo"
"""Says that a folder is a demo's, and may be emptied by the next one."""
POLICY: Final = "trust.policy"
HOLDER, FIRST, SECOND, THIRD = "甲公司", "乙公司", "丙公司", "丁公司"


class StoryError(Exception):
    """A command of the story ended otherwise than the story goes: a bug."""


class Story:
    """One telling, in one folder, which is the current one.

    Args:
        run: The program.
        table: The table that is registered, in the folder.
    """

    def __init__(self, run: Run, table: Path) -> None:
        self._run = run
        self._table = table.name
        self._number = ""

    def tell(self) -> None:
        """Tell it from the first event to the last verification."""
        self._found()
        first = self._license()
        self._resell(first)
        self._ask(first)
        self._verify_all()
        self._audit()

    def _found(self) -> None:
        self._say("1. A registry, and a registered table", "1. 建立登记系统，登记一张数据表")
        self._do("init", "--solo", "--no-passphrase", "--quiet")
        for name in (HOLDER, FIRST, SECOND, THIRD):
            self._quietly("party", "enroll", name, "--no-passphrase")
        rights = ["--right", "hold", "--right", "use", "--right", "operate"]
        title = ["--title", "2013年纽约离港航班记录"]
        self._do("register", self._table, *title, *rights, "--as", HOLDER)
        self._number = self._find_voucher()
        voucher = f"proofs/{self._number}.voucher.json"
        opening = ["--opening", "proofs/opening.json"]
        self._do("voucher", "export", self._number, "--out", voucher, *opening)
        shutil.copy(f"registry/{POLICY}", POLICY)

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
            *("grant", "issue", self._number, "--as", SECOND, "--to", THIRD, *terms),
            expected=Exit.REFUSED,
        )
        self._say("   and nor is there a second copy", "   第二次转授同样不可")
        self._do(
            *("grant", "issue", self._number, "--as", FIRST, "--to", THIRD, "--parent", first),
            *terms,
            expected=Exit.REFUSED,
        )

    def _ask(self, first: str) -> None:
        self._say(
            f"5. {THIRD} shows a copy all the same. Who was allowed to hand it on?",
            f"5. {THIRD} 却持有一份副本。谁有权再流通？",
        )
        shutil.copy("copies/second.csv", "copies/found-at-third.csv")
        for name, party in (("first", FIRST), ("second", SECOND)):
            proof = ["--proof", f"proofs/check-{name}.json"]
            act = ["--action", "distribute", "--by", party, "--asset", self._number]
            self._do("grant", "check", *act, *proof)
        self._say("6. The chain of title, and what a court would ask for", "6. 权利链与查询证明")
        self._do("trace", "asset", self._number)
        for form in ("json", "svg", "html", "prov", "dot"):
            out = ["--format", form, "--out", f"chain.{form}"]
            self._quietly("trace", "asset", self._number, *out)
        certificate = ["--certificate", "proofs/holders.certificate.json"]
        self._do("query", "holders", self._number, *certificate)
        below = ["--proof", "proofs/below.query.json"]
        self._quietly("query", "below", first, *below)
        pack = ["--purpose", "dispute", "--out", "proofs/dispute.zip"]
        self._do("voucher", "present", self._number, *pack)

    def _verify_all(self) -> None:
        self._say(
            "7. Everything is verified offline with the policy alone, in both languages",
            "7. 仅凭信任策略离线验证全部文件，两种语言各一遍",
        )
        files = sorted(str(path) for path in Path("proofs").iterdir() if "opening" not in path.name)
        spoken = LANGUAGES[1 if is_chinese() else 0]
        for language in LANGUAGES:
            for file in files:
                self._verify(file, language)
        set_language(spoken)
        for name in ("first", "second"):
            note, copy = f"copies/{name}.csv.delivery.json", f"copies/{name}.csv"
            self._verify(note, spoken, "--data", copy)
        file = f"proofs/{self._number}.voucher.json"
        opened = ["--opening", "proofs/opening.json", "--data"]
        self._verify(file, spoken, *opened, self._table)
        with Path(self._table).open("rb") as table:
            Path("part.csv").write_bytes(table.read(1000))
        self._verify(file, spoken, *opened, "part.csv", expected=Exit.NOT_AUTHENTIC)
        voucher = Path(file).read_text("utf-8")
        Path("forged.voucher.json").write_text(voucher.replace("2013", "2014"), "utf-8")
        self._verify("forged.voucher.json", spoken, expected=Exit.NOT_AUTHENTIC)

    def _audit(self) -> None:
        self._say("8. The registry executes its whole log again", "8. 重新执行全部日志")
        self._do("audit")

    def _grant(self, grantor: str, grantee: str, template: str) -> str:
        terms = ["--template", template, "--until", "2030-12-31"]
        self._do("grant", "issue", self._number, "--as", grantor, "--to", grantee, *terms)
        grant = self._newest_grant(grantee)
        self._do("grant", "accept", grant)
        return grant

    def _deliver(self, source: str, sender: str, recipient: str, out: str) -> None:
        sides = ["--as", sender, "--to", recipient]
        self._do("deliver", self._number, "--from", source, *sides, "--out", out, "--quiet")
        self._do("receive", f"{out}.delivery.json", "--file", out)

    def _find_voucher(self) -> str:
        found = self._ask_json("search", "2013", "--kind", "asset")
        asset = _first(found, "subject")
        state = self._ask_json("query", "asset", asset)["value"]
        return str(_member(state, "state", "vouchers", 0, "value", "number"))

    def _newest_grant(self, grantee: str) -> str:
        return _first(self._ask_json("grant", "list", "--party", grantee), "grant")

    def _verify(self, file: str, language: str, *more: str, expected: int = Exit.DONE) -> None:
        argv = ["verify", file, "--policy", POLICY, *more, "--lang", language]
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            code = self._run([*argv, "--home", "nowhere"])
        print(f"$ muniment {' '.join(argv)}")
        print(f"{out.getvalue().partition(chr(10))[0]}  [{code}]")
        _check(argv, code, expected)

    def _do(self, *argv: str, expected: int = Exit.DONE) -> None:
        print(f"$ muniment {' '.join(argv)}", flush=True)
        code = self._call(argv)
        if expected != Exit.DONE:
            print(say(f"(exit code {code}, as it should be)", f"（退出码 {code}，理应如此）"))
        _check(argv, code, expected)

    def _quietly(self, *argv: str) -> None:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            code = self._call(argv)
        _check(argv, code, Exit.DONE)

    def _ask_json(self, *argv: str) -> dict[str, Json]:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            code = self._call([*argv, "--json"])
        _check(argv, code, Exit.DONE)
        document: dict[str, Json] = json.loads(out.getvalue())
        return document

    def _call(self, argv: Sequence[str]) -> int:
        language = LANGUAGES[1 if is_chinese() else 0]
        return self._run([*argv, "--home", "registry", "--lang", language])

    def _say(self, en: str, zh: str) -> None:
        print(f"\n== {say(en, zh)}", flush=True)


def _check(argv: Sequence[str], code: int, expected: int) -> None:
    """Stop where the story goes another way.

    Raises:
        StoryError: The exit code is not the expected one.
    """
    if code != expected:
        raise StoryError(f"muniment {' '.join(argv)}: exit code {code}, expected {expected}")


def _first(document: dict[str, Json], name: str) -> str:
    return str(_member(document, "items", 0, name))


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
