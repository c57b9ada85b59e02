"""What lies in an exported folder, and what should."""

from tests.support.tile_logs import expected_files


def read_folder(folder):
    """Content of each file by its path; the lock is none of the log's."""
    files = {
        path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()
    }
    return {path: file.read_bytes() for path, file in files.items() if path != ".lock"}


def describe(folder):
    """Each file and folder with what would show that somebody has touched it."""
    found = {path: path.stat() for path in [folder, *folder.rglob("*")]}
    return {path: (stat.st_ino, stat.st_size, stat.st_mtime_ns) for path, stat in found.items()}


def folder_of(tree, sizes=()):
    """What an export leaves: all full files, and the partial ones of signed sizes until then."""
    files = dict(tree.files)
    for size in sizes:
        for path, data in expected_files(tree.leaves, size).items():
            if path.partition(".p/")[0] not in tree.files:
                files[path] = data
    return files | {"checkpoint": tree.note}
