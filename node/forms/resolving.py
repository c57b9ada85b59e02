"""What a form names, looked up: parties and assets on the ledger, files on the disk.

A form that comes in many copies, as the rows of a batch, names the same parties again and again:
each is looked up once.
"""

import re
from pathlib import Path
from typing import Final

from contracts.identity import NameClaim, Party
from contracts.intervals import current
from contracts.title import Asset, Voucher, voucher_key
from ledger.core.types import SubjectKey
from ledger.errors import LedgerError, MalformedError, NotFoundError
from node.forms.shape import Finding
from node.registryapi import RegistryApi
from tracing.fingerprint import Fingerprint, fingerprint_file

_DIGEST: Final = re.compile("[0-9a-f]{64}")
_PARTY: Final = re.compile("party/[a-z2-7]{26}")
_USCC: Final = re.compile("[0-9A-Z]{18}")


class Resolver:
    """Looks up what a form names, and keeps what it cannot find and what it has read.

    Args:
        registry: Whose parties and assets are meant.
        folder: That paths in the form begin in.
        is_confined: Paths lead to nowhere else: who fills in the form is not who reads the files.

    `findings` is what has to be mended, `digests` those of the files that were read, in order.
    """

    def __init__(self, registry: RegistryApi, folder: Path, *, is_confined: bool = False) -> None:
        self.registry = registry
        self.findings: list[Finding] = []
        self.digests: list[str] = []
        self._folder, self._is_confined = folder, is_confined
        self._parties: dict[str, SubjectKey | None] = {}
        self._states: dict[SubjectKey, Party | None] = {}

    def begin(self) -> None:
        """Begin another form: what was found and read in the last one is let go."""
        self.findings, self.digests = [], []

    def find_party(self, path: str, text: str) -> SubjectKey | None:
        """A party by key, code or public name; None, and a finding, if it is not clear which."""
        found = self.knows_party(text)
        if found is None:
            self.say(
                path,
                "is no party of this ledger, or more than one: write its key, or enrol it with "
                "'muniment party enroll'",
                "不是本账本上唯一的主体：请填写主体标识，或先用 muniment party enroll 注册",
            )
        return found

    def knows_party(self, text: str) -> SubjectKey | None:
        """The same party without a finding."""
        if text not in self._parties:
            self._parties[text] = self._look_up(text)
        return self._parties[text]

    def read_party(self, key: SubjectKey) -> Party | None:
        """The state of a party, read once."""
        if key not in self._states:
            self._states[key] = self.registry.find_state(Party, key)
        return self._states[key]

    def find_asset(self, path: str, text: str) -> SubjectKey | None:
        """A registered asset by key or voucher number."""
        try:
            voucher = self.registry.find_state(Voucher, voucher_key(text))
            key = SubjectKey(text) if voucher is None else voucher.asset
            if self.registry.find_state(Asset, key) is not None:
                return key
        except MalformedError:
            pass
        self.say(
            path,
            "is no asset and no voucher of this ledger: register it first",
            "不是本账本上的数据或凭证：请先行登记",
        )
        return None

    def read_digest(self, path: str, text: str) -> str | None:
        """The digest that stands there, or that of the file that is named; 64 hex digits."""
        if _DIGEST.fullmatch(text):
            return text
        file = self.read_file(path, text)
        return None if file is None else file.digest

    def read_file(self, path: str, text: str) -> Fingerprint | None:
        """The fingerprint of a file, or None and a finding."""
        if self._is_confined and (Path(text).is_absolute() or ".." in Path(text).parts):
            self.say(
                path,
                "names a file elsewhere: put the batch beside its data, and name files from there "
                "without / at the beginning and without ..",
                "所列文件不在批量文件之下：请将批量文件与数据放在一起，路径不得以 / 开头或含 ..",
            )
            return None
        try:
            found = fingerprint_file(self._folder / text)
        except NotFoundError:
            self.say(path, "names a file that is not there", "所列文件不存在")
            return None
        except (LedgerError, ValueError):
            self.say(path, "names what is no regular file, or may not be read", "所列文件无法读取")
            return None
        self.digests.append(found.digest)
        return found

    def say(self, path: str, en: str, zh: str) -> None:
        """Keep a finding."""
        self.findings.append(Finding(path, en, zh))

    def _look_up(self, text: str) -> SubjectKey | None:
        if _PARTY.fullmatch(text):
            key = SubjectKey(text)
            return None if self.registry.find_state(Party, key) is None else key
        if _USCC.fullmatch(text):
            claim = self.registry.find_state(NameClaim, SubjectKey(f"name/uscc:{text}"))
            holders = [] if claim is None else current(claim.claims)
            if len(holders) == 1:
                return SubjectKey(str(holders[0]))
        found = [
            key
            for key, listing in self.registry.search(text, kind="party", limit=8)
            if listing.label == text
        ]
        return found[0] if len(found) == 1 else None
