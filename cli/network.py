"""The resale story over HTTP: node, two witnesses, auditor and light client as processes.

Whoever works has a home of their own, without a ledger. Each process is killed while the story goes
on, and started again. In the end the operator signs a second history, and is caught.
"""

import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from typing_extensions import override

from cli.exitcodes import Exit
from cli.fleet import Fleet, find_ports
from cli.lang import LANGUAGES, is_chinese
from cli.story import HOME, POLICY, Run, Story, StoryError
from ledger.clock import SystemClock

NODE: Final = "node"
FORKED: Final = "forked"
WITNESSES: Final = ("one", "two")
AUDITOR: Final = "auditor"
AUDITOR_LABEL: Final = "auditor.example.org"
"""In policies; that it begins with `auditor.` says that it executes the log again."""
LIGHT: Final = "light"
STRICT: Final = "strict.policy"
"""Asks for both witnesses and the auditor; the registry's own for two of the three."""
EVIDENCE: Final = "light.state.fork.json"
FOURTH, FIFTH = "戊公司", "己公司"


class NetworkStory(Story):
    """One telling over HTTP, in one folder, which is the current one.

    Args:
        run: The program.
        table: File name of the table that is registered, in the folder.
        title: What it is called.
        options: For every command that opens the registry.
    """

    ledger_home = NODE

    def __init__(self, run: Run, table: str, title: str, options: Sequence[str] = ()) -> None:
        super().__init__(run, table, title, options)
        self._fleet = Fleet(SystemClock())
        names = (NODE, *WITNESSES, AUDITOR)
        self._ports = dict(zip(names, find_ports(len(names)), strict=True))
        self._ports[FORKED] = self._ports[NODE]

    @override
    def tell(self) -> None:
        try:
            super().tell()
            self._fork()
        finally:
            self._fleet.close()

    @override
    def _open_registry(self) -> None:
        quiet = ("--no-passphrase", "--quiet")
        self._do("init", "--solo", *quiet, home=NODE)
        shutil.copy(f"{NODE}/{POLICY}", POLICY)
        for name in WITNESSES:
            self._do("witness", "init", f"{name}.example.org", *quiet, home=name)
            self._do("witness", "add-log", "--policy", POLICY, home=name)
        to = ("--policy", POLICY, "--url", self._url(NODE))
        self._do("auditor", "init", "audit.example.org", *to, *quiet, home=AUDITOR)
        for name in WITNESSES:
            vkey = Path(name, "witness", "witness.vkey").read_text("utf-8").strip()
            self._do("policy", "add-witness", name, vkey, self._url(name), "--quiet", home=NODE)
        vkey = Path(AUDITOR, "auditor", "witness.vkey").read_text("utf-8").strip()
        place = self._url(AUDITOR)
        self._do("policy", "add-witness", AUDITOR_LABEL, vkey, place, "--quorum", "2", home=NODE)
        shutil.copy(f"{NODE}/{POLICY}", POLICY)
        shutil.copy(POLICY, STRICT)
        self._do("policy", "quorum", "all", "--policy", STRICT, home=NODE)
        self._start_all()
        self._join()

    def _start_all(self) -> None:
        self._say(
            "   Two witnesses, an auditor, the node and a light client begin to run",
            "   启动两个见证方、审计方、节点与轻客户端",
        )
        for name in WITNESSES:
            self._start(name, "witness", "serve", home=name)
        self._start(AUDITOR, "auditor", "serve", "--every", "1", home=AUDITOR)
        self._start(NODE, "serve", home=NODE)
        follow = ("light", "follow", self._url(NODE), "--policy", POLICY, "--every", "1")
        self._tell_start(LIGHT, *follow, "--state", "light.state")

    def _join(self) -> None:
        self._say(
            "   Whoever works has a home without a ledger; the one person takes the key along",
            "   使用者各有不含账本的目录；单人试用者带上自己的密钥",
        )
        Path(HOME, "keys").mkdir(mode=0o700, parents=True)
        shutil.copy(f"{NODE}/keys/operator.key", f"{HOME}/keys/operator.key")
        self._do("join", "--policy", POLICY, "--node", self._url(NODE), "--no-passphrase")

    @override
    def _before_proofs(self) -> None:
        self._fleet.wait(self._is_cosigned_by_all, "both witnesses and the auditor cosign")

    @override
    def _license(self) -> str:
        self._kill(WITNESSES[0])
        grant = super()._license()
        self._revive(WITNESSES[0])
        return grant

    @override
    def _resell(self, first: str) -> None:
        self._kill(WITNESSES[1])
        super()._resell(first)
        self._revive(WITNESSES[1])

    @override
    def _ask(self, first: str) -> None:
        for name in (AUDITOR, LIGHT):
            self._kill(name)
            self._use(first)
            self._revive(name)
        self._kill(NODE)
        self._use(first, expected=Exit.TRY_LATER)
        self._revive(NODE)
        self._use(first)
        self._before_proofs()
        self._fleet.wait(self._has_light_caught_up, "the light client catches up")
        super()._ask(first)

    def _use(self, grant: str, expected: int = Exit.DONE) -> None:
        more = ("--action", "read", "--count", "1")
        self._do("use", "record", grant, *more, expected=expected)

    @override
    def _verify_all(self) -> None:
        super()._verify_all()
        self._say(
            "   ... and with a policy that asks for both witnesses and the auditor",
            "   ……再用要求两个见证方与审计方全部联署的策略验证一遍",
        )
        proofs = [file for file in self.verified if file.startswith("proofs/")]
        self._do("verify", *proofs, "--policy", STRICT, "--quiet", home="nowhere")

    @override
    def _audit(self) -> None:
        self._say("8. The log is executed again beside the node", "8. 在节点旁重新执行全部日志")
        self._do("audit", home=NODE)
        self._do("auditor", "status", home=AUDITOR)

    def _fork(self) -> None:
        self._say(
            "9. The operator copies the files and signs another history with the log's key",
            "9. 运营方复制数据，用日志密钥另签一份历史",
        )
        self._stop(NODE)
        shutil.copytree(NODE, FORKED)
        Path(FORKED, "keys", "log.signed").unlink()
        self._start(NODE, "serve", home=NODE)
        self._do("party", "enroll", FOURTH, "--no-passphrase", "--quiet")
        self._before_proofs()
        self._fleet.wait(self._has_light_caught_up, "the light client catches up")
        self._stop(NODE)
        self._do("adopt", "--no-other-copy", home=FORKED)
        self._do("party", "enroll", FIFTH, "--no-passphrase", "--quiet", home=FORKED)
        self._do("policy", "quorum", "none", "--quiet", home=FORKED)
        self._start(FORKED, "serve", home=FORKED)
        self._catch()

    def _catch(self) -> None:
        self._say(
            "   The light client notices, and keeps both notes as evidence",
            "   轻客户端发现分叉，并保存两份检查点作为证据",
        )
        ended = self._fleet.wait(lambda: self._fleet.ended(LIGHT), "the light client notices")
        _expect("light follow", ended, Exit.NOT_AUTHENTIC)
        said = self._fleet.path(LIGHT, "log").read_text("utf-8")
        print(said[said.rindex("muniment: fork") :], end="")
        state = ("--state", "light.state")
        self._do("light", "status", *state, expected=Exit.NOT_AUTHENTIC)
        self._say(
            "   The evidence convinces anybody with the policy, offline",
            "   任何持有信任策略者均可离线核验该证据",
        )
        self._do("verify", EVIDENCE, "--policy", POLICY, home="nowhere")
        self.verified.append(EVIDENCE)
        self._say(
            "   No witness cosigns the other history, so nobody else is taken in",
            "   见证方均不联署另一份历史，其他人因此不会受骗",
        )
        for label in (*WITNESSES, AUDITOR_LABEL):
            print(self._fleet.wait(partial(self._find_refusal, label), f"{label} refuses"))
        for name in WITNESSES:
            self._do("witness", "logs", home=name)
        self._do("voucher", "show", self.number, expected=Exit.NOT_AUTHENTIC)

    def _find_refusal(self, label: str) -> str | None:
        """What the node that forks says of a witness that refuses."""
        lines = self._fleet.path(FORKED, "log").read_text("utf-8").splitlines()
        said = (line for line in lines if f"the witness {label} did not cosign" in line)
        return next((line for line in said if "409" in line), None)

    def _is_cosigned_by_all(self) -> bool:
        state = ("--state", "strict.state")
        argv = ("light", "follow", self._url(NODE), "--once", "--policy", STRICT, *state)
        found = self._try_json(*argv)
        return found is not None and found.get("size") == self._size()

    def _has_light_caught_up(self) -> bool:
        return self._fleet.last_line(LIGHT).split("\t")[0] == str(self._size())

    def _size(self) -> int:
        leaves = self._ask_json("stats", home=NODE)["leaves"]
        return leaves if isinstance(leaves, int) else 0

    def _url(self, name: str) -> str:
        return f"http://127.0.0.1:{self._ports[name]}"

    def _start(self, name: str, *argv: str, home: str) -> None:
        self._tell_start(name, "--home", home, *argv, "--port", str(self._ports[name]), "--json")

    def _tell_start(self, name: str, *argv: str) -> None:
        print(f"$ muniment {' '.join(argv)} &", flush=True)
        self._fleet.start(name, *argv, "--lang", LANGUAGES[1 if is_chinese() else 0])

    def _kill(self, name: str) -> None:
        self._say(f"   kill -9: {name}", f"   kill -9：{name}")
        self._fleet.kill(name)

    def _revive(self, name: str) -> None:
        self._say(f"   {name} is started again", f"   重新启动 {name}")
        self._fleet.start(name)
        if name in WITNESSES or name == AUDITOR:
            self._before_proofs()

    def _stop(self, name: str) -> None:
        _expect(name, self._fleet.stop(name), Exit.DONE)


def _expect(what: str, code: int, expected: int) -> None:
    """Stop where the story goes another way.

    Raises:
        StoryError: The exit code is not the expected one.
    """
    if code != expected:
        raise StoryError(f"{what}: exit code {code}, expected {expected}")
