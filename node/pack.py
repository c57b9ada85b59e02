"""The container of evidence: a ZIP that holds exactly what its manifest lists.

```json
{"format":"muniment/pack/v1","files":[{"path":"voucher.json","digest":"<64 hex>"}]}
```

Two formats share it: a case (`muniment/case/v1`) and an evidence pack (`muniment/pack/v1`). A pack
is read into memory within its limits and never unpacked to disk; its files are checked against the
manifest, and nothing they say is verified here.

Spec: our formats, section 7, "case".
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from ledger.core.canonical import decode_bundle
from ledger.core.limits import MAX_BUNDLE_BYTES
from ledger.core.members import take_members, take_text
from ledger.core.text import parse_digest
from ledger.errors import BundleError, LimitError, MalformedError
from node.zipped import SIGNATURES, read_zip, write_zip

if TYPE_CHECKING:
    from ledger.core.types import Json

CASE: Final = "muniment/case/v1"
PACK: Final = "muniment/pack/v1"
MANIFEST: Final = "manifest.json"

MAX_FILES: Final = 1_000
"""Files of a pack, its manifest among them."""
MAX_UNPACKED_BYTES: Final = 64 * 1024 * 1024
"""All files together, the manifest and those of a pack within the pack included."""
MAX_PACK_BYTES: Final = MAX_UNPACKED_BYTES + 1024 * 1024
"""Of the ZIP: what the headers of 1,000 files take comes on top."""

_PATH: Final = re.compile(r"[a-z0-9._/-]{1,100}")


@dataclass(frozen=True, slots=True)
class Pack:
    """A container as read or to be written.

    Args:
        form: CASE or PACK.
        files: Content by path, without the manifest.
    """

    form: str
    files: Mapping[str, bytes]


def is_pack(data: bytes) -> bool:
    """Whether a file begins as a ZIP does."""
    return data.startswith(SIGNATURES)


def write_pack(pack: Pack, *, is_packed: bool = False) -> bytes:
    """The container; if files are stored, the same files give the same bytes on every machine.

    The manifest comes first, then the files by path, dated 1980-01-01, readable by all.

    Args:
        pack: What it holds.
        is_packed: Deflate the files instead of storing them.

    Raises:
        MalformedError: Another format, or a path that a container cannot hold.
        LimitError: Too many files or bytes.
    """
    _check_form(pack.form)
    _check_paths(pack.files)
    listed: Json = [
        {"path": path, "digest": sha256(pack.files[path]).hexdigest()}
        for path in sorted(pack.files)
    ]
    manifest = json.dumps({"format": pack.form, "files": listed}, indent=2).encode() + b"\n"
    files = {MANIFEST: manifest} | {path: pack.files[path] for path in sorted(pack.files)}
    if len(files) > MAX_FILES:
        raise LimitError(f"a pack has at most {MAX_FILES} files, not {len(files)}")
    size = sum(map(len, files.values()))
    if size > MAX_UNPACKED_BYTES:
        raise LimitError(f"a pack holds at most {MAX_UNPACKED_BYTES} bytes, not {size}")
    return write_zip(files, is_packed=is_packed)


def read_pack(data: bytes, *, max_unpacked: int = MAX_UNPACKED_BYTES) -> Pack:
    """Read a container, and hold every file against the manifest.

    Args:
        data: From outside, any bytes.
        max_unpacked: What is left of the limit where this pack lies in another.

    Raises:
        MalformedError: Not such a container, or the manifest lists other files.
        LimitError: Too many files or bytes.
        BundleError: A file is not the one that the manifest names.
    """
    if len(data) > MAX_PACK_BYTES:
        raise LimitError(f"a pack has at most {MAX_PACK_BYTES} bytes, not {len(data)}")
    files = read_zip(data, max_files=MAX_FILES, max_unpacked=max_unpacked)
    manifest = files.pop(MANIFEST, None)
    if manifest is None:
        raise MalformedError(f"a ZIP without {MANIFEST}: neither a pack nor a case of ours")
    form, digests = _parse_manifest(manifest)
    _check_paths(files)
    if digests.keys() != files.keys():
        odd = sorted(digests.keys() ^ files.keys())[0]
        raise MalformedError(f"the manifest lists exactly the files that are there: not so {odd}")
    for path, content in files.items():
        if sha256(content).hexdigest() != digests[path]:
            raise BundleError(f"{path} is not the file that the manifest names")
    return Pack(form, {path: files[path] for path in sorted(files)})


def _parse_manifest(data: bytes) -> tuple[str, dict[str, str]]:
    """Format and digests by path of a manifest.

    Raises:
        MalformedError: Not a manifest.
        LimitError: Too large.
    """
    value = decode_bundle(data, max_bytes=MAX_BUNDLE_BYTES)
    members = take_members(value, {"format", "files"}, "a manifest")
    form, listed = take_text(members["format"]), members["files"]
    _check_form(form)
    if not isinstance(listed, list):
        raise MalformedError("a manifest's files are an array")
    digests: dict[str, str] = {}
    for one in listed:
        file = take_members(one, {"path", "digest"}, "a file of a manifest")
        path, digest = take_text(file["path"]), take_text(file["digest"])
        parse_digest(digest)
        if path in digests:
            raise MalformedError(f"the manifest lists {path[:100]} twice")
        digests[path] = digest
    return form, digests


def _check_form(form: str) -> None:
    if form not in {CASE, PACK}:
        raise MalformedError(f"not a pack: format {form[:40]!r}, not {PACK} or {CASE}")


def _check_paths(paths: Iterable[str]) -> None:
    """Refuse paths that could leave a folder, or that two programs could take for one another.

    Raises:
        MalformedError: A path is outside the alphabet, has an empty part or a dotted one, is the
            manifest's, or is a folder of another.
    """
    known = set(paths)
    for path in known:
        parts = path.split("/")
        if not _PATH.fullmatch(path) or ".." in path or path == MANIFEST or {"", "."} & {*parts}:
            raise MalformedError(f"not a path of a pack: {path[:100]!r}")
        folders = {str(parent) for parent in PurePosixPath(path).parents}
        if folders & known:
            raise MalformedError(f"{path} lies in a folder that is a file of the pack too")
