"""What every command starts from: settings, output, and the registry it works on."""

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cli.exitcodes import UsageError
from cli.lang import say
from cli.output import Output
from cli.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.keys import Passphrase
    from node.registry import Registry

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
    def registry(self, *, is_writer: bool = False) -> "Iterator[Registry]":
        """The registry of the home folder.

        Args:
            is_writer: Hold its lock and be ready to write.
        """
        from node.registry import open_registry  # heavy

        passphrase = self.passphrase()
        with open_registry(self.settings.home, passphrase, is_writer=is_writer) as registry:
            yield registry

    def passphrase(self) -> "Passphrase | None":
        """The passphrase of an existing home: from a file, or asked for on a terminal.

        Raises:
            UsageError: The passphrase file cannot be read.
        """
        from ledger.keys import KeyRing, Passphrase  # heavy

        if self.settings.passphrase_file is not None:
            return read_passphrase(self.settings.passphrase_file)
        ring = KeyRing(self.settings.home / "keys", None)
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
