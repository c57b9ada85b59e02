"""What is handed to `verify` besides what is to be verified: files, originals, opened keys."""

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cli.exitcodes import UsageError
from cli.files import is_stdin, read_capped
from cli.lang import say
from cli.session import Session
from ledger.core.types import JsonObject, SubjectKey

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from node.tracing.examine import Examination
    from node.verifier import Suspect

Read = TypeVar("Read")


def read_examination(
    data: Path | None, original: Path, openings: "Sequence[Path]"
) -> "Examination":
    """What the scores of a case are worked out again from.

    Raises:
        UsageError: The file of the case is not named, or a file is a stream.
        MalformedError: An opening is no opened marking key.
        LimitError: It is too large.
    """
    from node.tracing.examine import Examination, parse_marks_opening

    if data is None or is_stdin(data) or is_stdin(original):
        raise UsageError(
            say(
                "to work out the scores of a case again takes its file and the original: name "
                "them with --data FILE --original FILE, and each opened marking key with "
                "--opening FILE",
                "重新计算案卷的得分须有所涉文件与原始数据：请用 --data 文件 --original 文件 给出，"
                "并用 --opening 文件 给出每个开启的标记密钥",
            )
        )
    opened = _read_each(
        openings,
        parse_marks_opening,
        "is no opened marking key: give what 'muniment escrow export' wrote",
        "不是开启的标记密钥：请给出 muniment escrow export 写出的文件",
    )
    return Examination(data, original, tuple(opened))


def _read_each(
    paths: "Sequence[Path]", parse: "Callable[[bytes], Read]", en: str, zh: str
) -> "list[Read]":
    """What files hold, all of one form.

    Args:
        paths: Of the files.
        parse: Of their form.
        en: What is said of a file that is none, after its name.
        zh: The same in Chinese.

    Raises:
        MalformedError: One is something else; the message says which.
    """
    from ledger.errors import InputError, MalformedError

    found: list[Read] = []
    for path in paths:
        data = read_file(path)
        try:
            found.append(parse(data))
        except InputError as exc:
            raise MalformedError(say(f"{path} {en}", f"{path} {zh}")) from exc
    return found


def read_suspect(
    session: Session, data: Path | None, openings: "Sequence[Path]"
) -> "Suspect | None":
    """The file that is asked about, with what opens its commitments; None if there is none.

    Raises:
        UsageError: There are openings and no file.
        NotFoundError: There is no such file.
        MalformedError: An opening is something else.
    """
    from cli.fingerprints import fingerprint_files
    from node.delivering import measure_salted
    from node.verifier import Suspect, parse_openings

    if data is None:
        if openings:
            raise UsageError(
                say(
                    "--opening answers for a file: name it with --data",
                    "--opening 须与 --data 同时给出",
                )
            )
        return None
    (fingerprint,) = fingerprint_files(session, [data])
    if openings:
        read = _read_each(
            openings,
            parse_openings,
            "is no file of openings, as registration wrote one; an opened marking key goes with "
            "--original",
            "不是登记时写出的开示文件；开启的标记密钥须与 --original 同时给出",
        )
        known = [one for each in read for one in each]
        return Suspect(fingerprint, lambda _registration, _names: known)
    return Suspect(
        fingerprint,
        lambda key, names: _find_own_openings(session, key, names),
        None if is_stdin(data) else lambda salt: measure_salted(data, salt),
    )


def _find_own_openings(
    session: Session, registration: "SubjectKey", names: "Sequence[str]"
) -> "Sequence[JsonObject]":
    """Openings in this home's vault; none where there is no registry, or another one.

    Those of a later registration are of the asset's first one, which only a ledger can tell: a
    client's home asks its node then.
    """
    from contextlib import closing

    from contracts.registration import Registration
    from ledger.keys import KeyRing
    from ledger.vault import Vault
    from node.home import Home
    from node.issuing import read_content, read_openings
    from node.registryapi import VAULT_KEY

    home = Home(session.settings.home)
    if not home.vault.is_file():
        return []
    if not home.ledger.is_file():
        secret = KeyRing(home.keys, session.passphrase()).load_secret(VAULT_KEY)
        with closing(Vault(home.vault, secret)) as vault:
            found = read_openings(vault, registration, names)
        if found or not session.has_registry:
            return found
    with session.registry() as registry:
        state = registry.find_state(Registration, registration)
        return [] if state is None else read_content(registry, state.asset)


def read_file(path: Path) -> bytes:
    """A file to verify, read no further than its cap."""
    from ledger.core.limits import MAX_BUNDLE_BYTES
    from node.judges import MAX_FILE_BYTES, VOUCHER_SUFFIX

    is_voucher = path.name.endswith(VOUCHER_SUFFIX)
    return read_capped(path, MAX_BUNDLE_BYTES if is_voucher else MAX_FILE_BYTES)
