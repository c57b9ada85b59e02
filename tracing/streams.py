"""Secret choices of marked copies: AES-256-CTR keystreams, one for each label under a marking key.

```text
key of a stream = HKDF-SHA-256(marking key, no salt, info = "muniment/marks/1/" || label), 32 bytes
stream          = AES-256-CTR(key of the stream, zero counter) over zeros, read little-endian
```

A key of a stream is used for one stream alone, hence the fixed counter. What a delivery does not
choose (which rows are marked, and how) has a label of its own; what it does choose has a label that
ends in its 16 random bytes.

Spec: RFC 5869; NIST SP 800-38A, section 6.5.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES: Final = 32
STREAM_BYTES: Final = 16
"""Of the random id of a delivery's own streams."""
_INFO: Final = b"muniment/marks/1/"
_ZERO_COUNTER: Final = bytes(16)


def draw_bytes(key: bytes, label: bytes, size: int) -> bytes:
    """The first bytes of a keystream.

    Args:
        key: Marking key, 32 bytes.
        label: Of the stream; ASCII, or ASCII and the 16 bytes of a delivery.
        size: How many bytes.
    """
    derived = HKDF(SHA256(), KEY_BYTES, salt=None, info=_INFO + label).derive(key)
    return Cipher(AES(derived), CTR(_ZERO_COUNTER)).encryptor().update(bytes(size))


def draw_uint16(key: bytes, label: bytes, count: int) -> npt.NDArray[np.uint16]:
    """Uniform numbers 0..65535 of a stream."""
    drawn = np.frombuffer(draw_bytes(key, label, 2 * count), dtype="<u2")
    return drawn.astype(np.uint16, copy=False)


def draw_uint32(key: bytes, label: bytes, count: int) -> npt.NDArray[np.uint32]:
    """Uniform numbers 0..2^32-1 of a stream."""
    drawn = np.frombuffer(draw_bytes(key, label, 4 * count), dtype="<u4")
    return drawn.astype(np.uint32, copy=False)


def scale_down(drawn: npt.NDArray[np.uint32], bound: int) -> npt.NDArray[np.int64]:
    """Numbers 0..bound-1 of uniform 32-bit ones, by multiplication.

    Args:
        drawn: Uniform.
        bound: 1..2^31; no number is likelier than another by more than bound/2^32.
    """
    return ((drawn.astype(np.uint64) * np.uint64(bound)) >> np.uint64(32)).astype(np.int64)
