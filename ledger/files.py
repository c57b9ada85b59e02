"""Files: small ones that must be there wholly or not at all, locks, and files of others to read."""

import errno
import fcntl
import os
import re
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from ledger.errors import (
    ExistsError,
    LimitError,
    MalformedError,
    NotFoundError,
    StoreFailedError,
    UnavailableError,
)

PRIVATE_MODE = 0o600
PRIVATE_FOLDER_MODE = 0o700


def read_file(path: Path, *, max_bytes: int) -> bytes:
    """A whole small file.

    Raises:
        NotFoundError: There is none.
        LimitError: It has more than max_bytes.
        StoreFailedError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except FileNotFoundError:
        raise NotFoundError(f"there is no {path}") from None
    except OSError as exc:
        raise StoreFailedError(f"cannot read {path}: {exc.strerror}") from exc
    if len(data) > max_bytes:
        raise LimitError(f"{path} has more than {max_bytes} bytes")
    return data


def open_regular(path: Path) -> BinaryIO:
    """A regular file for reading.

    Raises:
        NotFoundError: There is no such file.
        MalformedError: It is something else, or cannot be opened.
    """
    try:
        # A named pipe without a writer would hold the plain call for ever.
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        raise NotFoundError(f"there is no file {path}") from None
    except OSError as exc:
        raise MalformedError(f"cannot read {path}: {exc.strerror}") from exc
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise MalformedError(f"{path} is not a regular file")
    return os.fdopen(fd, "rb")


def read_stamp(path: Path) -> tuple[int, int, int] | None:
    """What changes when a file is replaced; None if there is none.

    Raises:
        StoreFailedError: It cannot be looked at.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise StoreFailedError(f"cannot read {path}: {exc.strerror}") from exc
    return found.st_ino, found.st_mtime_ns, found.st_size


def create_private_file(path: Path, data: bytes) -> None:
    """Write a new file that only this user can read, and make it durable.

    Raises:
        ExistsError: There is a file already; it is left alone.
        StoreFailedError: It could not be written; nothing is left behind, unless the very last
            fsync (of the folder) failed, when the whole file may be.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        _write_private(temporary, data, PRIVATE_MODE)
        os.link(temporary, path)  # not rename, which would replace what is there
        sync_folder(path.parent)
    except FileExistsError:
        raise ExistsError(f"{path} exists already and is left alone") from None
    except OSError as exc:
        raise StoreFailedError(f"cannot write {path}: {exc.strerror}") from exc
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def replace_file(path: Path, data: bytes, mode: int = PRIVATE_MODE) -> None:
    """Put a file in another's place: a reader sees the old one or the new one, also after a crash.

    The caller sees to it that nobody else does so at the same time.

    Raises:
        StoreFailedError: It could not be written; the old file is as before, unless the very last
            fsync (of the folder) failed, when either may be found after a crash.
    """
    temporary = path.with_name(f".{path.name}.new")
    try:
        _write_private(temporary, data, mode)
        temporary.rename(path)
        sync_folder(path.parent)
    except OSError as exc:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise StoreFailedError(f"cannot write {path}: {exc.strerror}") from exc


def create_private_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """Make a folder with files that only this user can read: all of them, or none and no folder.

    What a process that died on the way left beside it is removed.

    Args:
        path: Missing or empty.
        files: Contents by name.

    Raises:
        ExistsError: There is something at the path; it is left alone.
        StoreFailedError: It could not be made; nothing is left behind, unless the very last fsync
            (of the folder above) failed, when the whole of it may be.
    """
    path = Path(os.path.realpath(path))  # a link to an empty folder stays one
    name = re.compile(rf"\.{re.escape(path.name)}\.muniment-([0-9]+)")
    workshop = path.with_name(f".{path.name}.muniment-{os.getpid()}")
    try:
        path.parent.mkdir(mode=PRIVATE_FOLDER_MODE, parents=True, exist_ok=True)
        for left in path.parent.iterdir():
            found = name.fullmatch(left.name)
            if found and not _is_running(int(found[1])):
                shutil.rmtree(left)
        workshop.mkdir(mode=PRIVATE_FOLDER_MODE)
        for file, data in files.items():
            create_private_file(workshop / file, data)
        workshop.rename(path)
        sync_folder(path.parent)
    except OSError as exc:
        if exc.errno in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR}:
            raise ExistsError(
                f"{path} is there already, and not empty: name another folder"
            ) from None
        raise StoreFailedError(f"cannot make {path}: {exc.strerror}") from exc
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def _is_running(process: int) -> bool:
    """Whether there is another process of this number; of another user's it counts as one."""
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def sync_folder(path: Path) -> None:
    """Make renames and new names in a folder durable.

    Raises:
        OSError: The fsync failed.
    """
    sync_file(path)


def sync_file(path: Path) -> None:
    """Make what was written to a file, or to the names of a folder, durable.

    Raises:
        OSError: The fsync failed.
    """
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@contextmanager
def hold_lock(path: Path, what: str, *, is_patient: bool = False) -> Iterator[None]:
    """Hold an exclusive lock that the system releases when this process ends.

    Args:
        path: A file that is only ever locked; made if it is missing.
        what: What the lock stands for, for the message.
        is_patient: Wait for who holds it; only where that takes moments.

    Raises:
        UnavailableError: Another process holds it.
        StoreFailedError: The file cannot be made or locked.
    """
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_MODE)
    except OSError as exc:
        raise StoreFailedError(f"cannot lock {path}: {exc.strerror}") from exc
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | (0 if is_patient else fcntl.LOCK_NB))
        except BlockingIOError as exc:
            raise UnavailableError(f"another process is using {what}; try again") from exc
        except OSError as exc:
            raise StoreFailedError(f"cannot lock {path}: {exc.strerror}") from exc
        yield
    finally:
        os.close(fd)


def _write_private(path: Path, data: bytes, mode: int) -> None:
    """Write a file of our own naming anew, whatever a crash left under its name."""
    path.unlink(missing_ok=True)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
