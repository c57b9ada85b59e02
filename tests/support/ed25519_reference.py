"""Ed25519 as RFC 8032 section 5.1 writes it: slow, plain, and with a switch for every known laxity.

It makes the table of edge cases that the product checks its library with (`edge_cases`), and the
lax verifiers that show each row of the table to bite.
"""

from dataclasses import dataclass
from hashlib import sha256, sha512
from itertools import count

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_MINUS_1 = pow(2, (P - 1) // 4, P)


def add(left, right):
    """Sum of two points in extended coordinates (RFC 8032 section 5.1.4)."""
    x1, y1, z1, t1 = left
    x2, y2, z2, t2 = right
    a, b = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    c, d = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


IDENTITY = (0, 1, 1, 0)


def multiply(scalar, point):
    """`[scalar]point`, by doubling and adding; scalar >= 0."""
    total = IDENTITY
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point, scalar = add(point, point), scalar >> 1
    return total


def negate(point):
    x, y, z, t = point
    return -x % P, y, z, -t % P


def is_equal(left, right):
    return (
        (left[0] * right[2] - right[0] * left[2]) % P
        == 0
        == (left[1] * right[2] - right[1] * left[2]) % P
    )


def encode_point(point):
    """32 bytes: y, little-endian, with the parity of x on top (RFC 8032 section 5.1.2)."""
    x, y, z, _ = point
    inverse = pow(z, -1, P)
    x, y = x * inverse % P, y * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decode_point(data, *, canonical=True):
    """The point, or None (RFC 8032 section 5.1.3); y >= P and x = -0 only if not canonical."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if canonical and y >= P:
        return None
    y %= P
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * SQRT_MINUS_1 % P
    if x * x % P != square:
        return None
    if x == 0 and sign and canonical:
        return None
    if x & 1 != sign:
        x = -x % P
    return x, y, 1, x * y % P


BASE = decode_point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def has_small_order(point):
    return is_equal(multiply(8, point), IDENTITY)


def challenge(r, public_key, message):
    """k of RFC 8032 section 5.1.7, reduced."""
    return int.from_bytes(sha512(r + public_key + message).digest(), "little") % L


def secret_scalar(seed):
    """Clamped secret scalar and prefix of a 32-byte seed (RFC 8032 section 5.1.5)."""
    digest = sha512(seed).digest()
    number = int.from_bytes(digest[:32], "little")
    return number & ((1 << 254) - 8) | 1 << 254, digest[32:]


def public_key_of(seed):
    return encode_point(multiply(secret_scalar(seed)[0], BASE))


def sign(seed, message):
    """64 bytes (RFC 8032 section 5.1.6)."""
    a, prefix = secret_scalar(seed)
    r = int.from_bytes(sha512(prefix + message).digest(), "little") % L
    encoded = encode_point(multiply(r, BASE))
    s = (r + challenge(encoded, public_key_of(seed), message) * a) % L
    return encoded + s.to_bytes(32, "little")


@dataclass(frozen=True)
class Rule:
    """Which checks a verifier makes; the default is the one rule of our formats, section 1."""

    bounds_s: bool = True
    canonical_a: bool = True
    canonical_r: bool = True
    refuses_small_a: bool = True
    refuses_small_r: bool = True
    cofactored: bool = False
    prime_order_a: bool = False


STRICT = Rule()


def is_valid(public_key, message, signature, rule=STRICT):
    """Whether a verifier of this rule accepts."""
    r_bytes, s = signature[:32], int.from_bytes(signature[32:], "little")
    if rule.bounds_s and s >= L:
        return False
    a = decode_point(public_key, canonical=rule.canonical_a)
    r = decode_point(r_bytes, canonical=rule.canonical_r)
    if a is None or r is None:
        return False
    if (rule.refuses_small_a and has_small_order(a)) or (
        rule.refuses_small_r and has_small_order(r)
    ):
        return False
    if rule.prime_order_a and not is_equal(multiply(L, a), IDENTITY):
        return False
    k = challenge(r_bytes, public_key, message)
    expected = add(multiply(s, BASE), multiply(k, negate(a)))
    if rule.cofactored:
        return is_equal(multiply(8, expected), multiply(8, r))
    return is_equal(expected, r)


def torsion_point():
    """A point of order 8: L times the first point whose product has that order."""
    for y in count(2):
        point = decode_point(y.to_bytes(32, "little"))
        if point is not None and not is_equal(multiply(4, torsion := multiply(L, point)), IDENTITY):
            return torsion
    raise AssertionError("an eighth of all points will do")


def _scalar(label):
    return int.from_bytes(sha256(label).digest(), "little") % L


def _grind(r, public_key, residue):
    """First message whose k is residue modulo 8."""
    for number in count():
        message = b"muniment self-test %d" % number
        if challenge(r, public_key, message) % 8 == residue:
            return message
    raise AssertionError("one in eight will do")


def edge_cases():
    """Rows `(name, public key, message, signature, accepted)`; each refused one is a laxity."""
    a, r = _scalar(b"muniment self-test a"), _scalar(b"muniment self-test r")
    torsion = torsion_point()
    honest, nonce = multiply(a, BASE), multiply(r, BASE)
    minus_zero = (1 | 1 << 255).to_bytes(32, "little")
    beyond_p = (P + 1).to_bytes(32, "little")

    def row(name, key, r_bytes, residue, s, *, accepted=False):
        key = key if isinstance(key, bytes) else encode_point(key)
        r_bytes = r_bytes if isinstance(r_bytes, bytes) else encode_point(r_bytes)
        message = _grind(r_bytes, key, residue)
        number = s(challenge(r_bytes, key, message))
        return name, key, message, r_bytes + number.to_bytes(32, "little"), accepted

    def honest_s(k):
        return (r + k * a) % L

    return [
        row("a good signature", honest, nonce, 0, honest_s, accepted=True),
        row(
            "a mixed-order A, torsion cancels",
            add(honest, torsion),
            nonce,
            0,
            honest_s,
            accepted=True,
        ),
        row(
            "a mixed-order A and R",
            add(honest, torsion),
            add(nonce, torsion),
            7,
            honest_s,
            accepted=True,
        ),
        row("a residue of small order", add(honest, torsion), nonce, 1, honest_s),
        row("S not below L", honest, nonce, 0, lambda k: honest_s(k) + L),
        row("an A of order 8", torsion, nonce, 0, lambda k: r),
        row("an A that is the identity", IDENTITY, nonce, 0, lambda k: r),
        row("a non-canonical A, y >= p", beyond_p, nonce, 0, lambda k: r),
        row("a non-canonical A, x = -0", minus_zero, nonce, 0, lambda k: r),
        row("an R that is the identity", honest, IDENTITY, 0, lambda k: k * a % L),
        row("an R of order 8", add(honest, torsion), torsion, 7, lambda k: k * a % L),
        row("a non-canonical R, y >= p", honest, beyond_p, 0, lambda k: k * a % L),
        row("a non-canonical R, x = -0", honest, minus_zero, 0, lambda k: k * a % L),
    ]
