"""What every command starts from: settings, output, and the registry it works on."""

import sys
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from cli.exitcodes import UsageError
from cli.lang import say
from cli.output import Output
from cli.settings import Settings
from ledger.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from ledger.keys import Passphrase
    from node.registryapi import RegistryApi

MAX_PASSPHRASE_BYTES = 4096


class Session:
    """One run of the program.

    Args:
        settings: From the environment and the global options.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.out = Output(is_json=settings.is_json, is_quiet=settings.is_quiet)

    @contextmanager
    def registry(
        self, *, is_writer: bool = False, opens_keys: bool = True
    ) -> "Iterator[RegistryApi]":
        """The registry of the home folder, or the one behind the node that was named.

        A writer beside a running node goes through that node; a reader goes on reading the file.

        Args:
            is_writer: Be ready to write; in a home folder, hold its lock.
            opens_keys: Ask for the passphrase of sealed keys.

        Raises:
            UsageError: A node was named, and there is no policy to hold it to.
            UnavailableError: Another process is writing, or the node cannot be reached.
        """
        passphrase = self.passphrase() if opens_keys else None
        with ExitStack() as stack:
            yield stack.enter_context(self._open(stack, passphrase, is_writer=is_writer))

    @property
    def node(self) -> str | None:
        """Address of the node to work against: named, or the one that this home was made for."""
        from node.home import Home
        from node.remote.joining import find_joined

        return self.settings.node or find_joined(Home(self.settings.home))

    @property
    def has_registry(self) -> bool:
        """Whether there is a ledger to ask: in the home folder, or behind a node."""
        return self.node is not None or (self.settings.home / "ledger.db").is_file()

    def refuse_node(self, what: str) -> None:
        """Refuse to do from afar what only whoever has the files can do.

        Args:
            what: The command.

        Raises:
            UsageError: A node was named, or this is a client's home.
        """
        if self.node is not None:
            raise UsageError(
                say(
                    f"'muniment {what}' works on the files of the registry: run this beside the "
                    "data, without --node and MUNIMENT_NODE",
                    f"muniment {what} 须直接读写登记系统的文件：请在数据所在的机器上运行，"
                    "并去掉 --node 与 MUNIMENT_NODE",
                ),
                "beside_data",
            )

    def _open(
        self, stack: ExitStack, passphrase: "Passphrase | None", *, is_writer: bool
    ) -> "AbstractContextManager[RegistryApi]":
        """The registry, entered already where another process might hold it.

        Raises:
            UnavailableError: Another process holds it, and no node of this home answers.
        """
        from node.registry import open_registry  # heavy

        node = self.node
        if node is not None:
            return self._open_remote(node, passphrase, is_writer=is_writer)
        try:
            opened = open_registry(self.settings.home, passphrase, is_writer=is_writer)
            return nullcontext(stack.enter_context(opened))
        except UnavailableError as busy:
            url = self._find_running() if is_writer else None
            if url is None:
                raise
            try:
                remote = self._open_remote(url, passphrase, is_writer=is_writer)
                return nullcontext(stack.enter_context(remote))
            except UnavailableError:  # left behind by a node that was killed
                raise busy from None

    def _find_running(self) -> str | None:
        from node.home import Home
        from node.remote.joining import find_running

        return find_running(Home(self.settings.home))

    def _open_remote(
        self, url: str, passphrase: "Passphrase | None", *, is_writer: bool
    ) -> "AbstractContextManager[RegistryApi]":
        """The registry behind a node.

        Raises:
            UsageError: There is no policy to hold it to.
        """
        from node.remote.opening import open_remote  # heavy

        home = self.settings.home
        if not (home / "trust.policy").is_file():
            raise UsageError(
                say(
                    "a node is believed as far as a policy of your own says: run 'muniment join "
                    "--policy FILE' with the trust.policy that the registry hands out",
                    "须以自己的信任策略核验节点：请用登记机构提供的 trust.policy 运行 "
                    "muniment join --policy 文件",
                ),
                "policy_required",
            )
        return open_remote(home, url, passphrase, is_writer=is_writer, on_claim=self._tell_claim)

    def _tell_claim(self) -> None:
        if self.settings.verbosity:
            self.out.talk(
                "Which subjects there are is the node's claim; what each of them is, was verified.",
                "列出哪些主题仅为节点所称；各主题的内容均已核验。",
            )

    def passphrase(self, keys: Path | None = None) -> "Passphrase | None":
        """The passphrase of existing keys: from a file, or asked for on a terminal.

        Args:
            keys: Their folder; None: the home's.

        Raises:
            UsageError: The passphrase file cannot be read.
        """
        from ledger.keys import KeyRing, Passphrase  # heavy

        if self.settings.passphrase_file is not None:
            return read_passphrase(self.settings.passphrase_file)
        ring = KeyRing(keys or self.settings.home / "keys", None)
        is_sealed = any(entry.is_sealed for entry in ring.list_entries())
        if is_sealed and sys.stdin.isatty() and sys.stderr.isatty():
            return Passphrase(ask_passphrase(say("Passphrase: ", "口令：")))
        return None

    def new_passphrase(self, *, without: bool) -> "Passphrase | None":
        """The passphrase for keys about to be made.

        Args:
            without: The user wants none.

        Raises:
            UsageError: There is no terminal to ask on and no other source.
        """
        from ledger.keys import Passphrase  # heavy

        if without:
            self.out.warn(
                "the keys are kept without a passphrase: whoever reads the files can sign",
                "密钥未设口令：能读取密钥文件者即可签署",
            )
            return None
        if self.settings.passphrase_file is not None:
            return read_passphrase(self.settings.passphrase_file)
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise UsageError(
                say(
                    "no terminal to ask for a passphrase: give --passphrase-file FILE, set "
                    "MUNIMENT_PASSPHRASE_FILE, or say --no-passphrase",
                    "没有终端可供输入口令：请用 --passphrase-file 文件、设置 "
                    "MUNIMENT_PASSPHRASE_FILE，或使用 --no-passphrase",
                ),
                "passphrase_required",
            )
        first = ask_passphrase(say("New passphrase: ", "新口令："))
        if first != ask_passphrase(say("Once more: ", "再次输入：")):
            raise UsageError(say("the two passphrases differ", "两次输入的口令不一致"))
        return Passphrase(first)


def read_passphrase(path: Path) -> "Passphrase":
    """The first line of a file.

    Raises:
        UsageError: It cannot be read, or is empty.
    """
    from ledger.keys import Passphrase  # heavy

    try:
        with path.open("rb") as file:
            line = file.readline(MAX_PASSPHRASE_BYTES).decode("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as exc:
        why = exc.strerror if isinstance(exc, OSError) else "not UTF-8"
        raise UsageError(
            say(
                f"cannot read the passphrase file {path}: {why}",
                f"无法读取口令文件 {path}：{why}",
            ),
            "passphrase_file",
        ) from exc
    if not line:
        raise UsageError(
            say(
                f"the passphrase file {path} is empty: write the passphrase on its first line",
                f"口令文件 {path} 为空：请将口令写在首行",
            ),
            "passphrase_file",
        )
    return Passphrase(line)


def ask_passphrase(prompt: str) -> str:
    """Ask on the terminal without showing what is typed.

    Raises:
        UsageError: Nothing was typed.
    """
    import getpass  # rarely needed

    text = getpass.getpass(prompt)
    if not text:
        raise UsageError(say("the passphrase is empty", "口令为空"))
    return text
