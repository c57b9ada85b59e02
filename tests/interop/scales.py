"""PyPI's tlog-scales on both sides: a log that it writes, and readers of logs of ours."""

from base64 import b64encode
from hashlib import sha256

from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader
from tlog_scales.signing import PlainEd25519Signer
from tlog_scales.writer import TilesWriter

SEED = sha256(b"scales").digest()


class ScalesLog:
    """A log in a folder, written and signed by tlog-scales; tests bring the leaves.

    Args:
        folder: Made here.
        origin: Of the log.
        seed: Of its key, 32 bytes.
    """

    def __init__(self, folder, origin, seed=SEED):
        self.folder = folder
        self.signer = PlainEd25519Signer(origin, seed)
        self.writer = TilesWriter.create(folder, origin)

    @property
    def size(self):
        return self.writer.size

    @property
    def checkpoint(self):
        return self.folder / "checkpoint"

    def append(self, leaves):
        """Write and sign; the note. Partial tiles of before are thrown away, as it does."""
        for leaf in leaves:
            self.writer.add_leaf(leaf)
        self.writer.commit([self.signer])
        return self.checkpoint.read_bytes()

    def reader(self):
        reader = TilesReader(LocalBackend(self.folder))
        reader.set_size(self.size)
        return reader

    def request(self, old):
        """Body of the request that asks a witness for its newest checkpoint, with its own proof."""
        proof = self.reader().get_consistency_proof(old, self.size).node_hashes if old else []
        lines = [f"old {old}", *(b64encode(digest).decode() for digest in proof), "", ""]
        return "\n".join(lines).encode() + self.checkpoint.read_bytes()

    def publish(self, cosignature):
        """Put a witness's line under the checkpoint."""
        self.checkpoint.write_bytes(self.checkpoint.read_bytes() + cosignature)
