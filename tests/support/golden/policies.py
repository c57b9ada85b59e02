"""Questions about verifier keys, policies, notes and who has cosigned."""

import base64
from hashlib import sha256

from ledger.keys import SigningKey
from tests.support.golden.cases import ask, bytes_case, refuse
from tests.support.golden.product import ANSWERS

ORIGIN = "example.org/ledger"
NAMES = ("w1.example", "w2.example", "w3.example")
SEAL_TIME = 1_793_599_200_000
SECOND = SEAL_TIME // 1000


def seed(label):
    return sha256(label.encode()).hexdigest()


def vkey(name, kind, label=None):
    case = {"name": name, "type": kind, "seed": seed(label or name)}
    return ANSWERS["vkey"](case, None)


LOG = vkey(ORIGIN, 1)
WITNESSES = [vkey(name, 4) for name in NAMES]
LINES = [f"log {LOG}", *(f"witness w{n} {key}" for n, key in enumerate(WITNESSES, 1))]


def lines(*more, quorum="none", start=LINES):
    return "\n".join([*start, *more, f"quorum {quorum}", ""])


def policies():
    for name, kind in ((ORIGIN, 1), (NAMES[0], 4), ("登记.example", 1)):
        yield ask("vkey", f"{name}, type {kind}", name=name, type=kind, seed=seed(name))
    for name in ("", "a b", "a+b", "a\u3000b"):
        yield refuse("vkey", "malformed", f"the name {name!r}", name=name, type=1, seed=seed("x"))
    for desc, text in _accepted().items():
        yield ask("policy", desc, **bytes_case(text if isinstance(text, bytes) else text.encode()))
    for desc, text in _refused().items():
        data = text if isinstance(text, bytes) else text.encode()
        yield refuse("policy", "malformed", desc, **bytes_case(data))
    many = "".join(f"group g{n} any {f'g{n - 1}' if n else 'w1'}\n" for n in range(257))
    yield refuse("policy", "limit", "257 groups", text="\n".join(LINES) + f"\n{many}quorum g0\n")
    yield from _quorums()


def _accepted():
    return {
        "a quorum of nobody": lines(),
        "nothing but a quorum of nobody": "quorum none\n",
        "a witness as quorum": lines(quorum="w2"),
        "a group of all": lines("group g all w1 w2 w3", quorum="g"),
        "a group of any": lines("group g any w1 w2", quorum="g"),
        "two of three": lines("group g 2 w1 w2 w3", quorum="g"),
        "groups of groups": lines("group a any w1 w2", "group b all a w3", quorum="b"),
        "URLs": lines(start=[f"log {LOG} https://log.example/", f"witness w {WITNESSES[0]} x"]),
        "blanks, tabs, comments": f"\n# a comment\n \t# another\n\tlog \t{LOG} \nquorum\tnone \n",
        "the quorum before later lines": f"quorum none\nlog {LOG}\n",
        "names of any octets": b"log %b\nwitness \xff\xfe %b\nquorum \xff\xfe\n"
        % (LOG.encode(), WITNESSES[0].encode()),
        "a comment of any octets": b"#\xff\xfe\nquorum none\n",
        "two logs": lines(start=[f"log {LOG}", f"log {vkey('example.org/b', 1)}"]),
    }


def _refused():
    key, other = WITNESSES[0], WITNESSES[1]
    name, key_id, material = LOG.split("+", 2)
    return {
        "nothing": "",
        "no quorum": f"log {LOG}\n",
        "two quorums": "quorum none\nquorum none\n",
        "the last line without its end": lines().rstrip("\n"),
        "a carriage return": lines().replace("\n", "\r\n"),
        "a null octet": b"quorum none\n\0\n",
        "a delete": b"quorum none\n#\x7f\n",
        "an unknown word": lines("mirror w1"),
        "a word in capitals": lines().replace("quorum", "Quorum"),
        "a log without a key": lines("log"),
        "a log with two URLs": lines(start=[f"log {LOG} a b"]),
        "a witness without a key": lines("witness w9"),
        "a quorum of two names": lines(quorum="w1 w2"),
        "a quorum nobody defined": lines(quorum="w9"),
        "a quorum defined later": f"quorum w\nwitness w {key}\n",
        "a member nobody defined": lines("group g any w9", quorum="g"),
        "a member defined later": f"group g any w\nwitness w {key}\nquorum g\n",
        "a group of itself": lines("group g any g", quorum="g"),
        "a group of nobody": lines("group g any", quorum="g"),
        "a group of none": lines("group g any none", quorum="g"),
        "a member twice": lines("group g 2 w1 w1", quorum="g"),
        "a member of two groups": lines("group a any w1", "group b any w1", quorum="b"),
        "zero of three": lines("group g 0 w1 w2 w3", quorum="g"),
        "four of three": lines("group g 4 w1 w2 w3", quorum="g"),
        "a threshold with a zero in front": lines("group g 01 w1", quorum="g"),
        "a threshold in words": lines("group g most w1", quorum="g"),
        "a name twice": lines(f"witness w1 {vkey('x', 4)}"),
        "a group named as a witness": lines("group w1 any w2"),
        "a witness called none": lines(f"witness none {vkey('x', 4)}"),
        "a key twice": lines(f"witness w9 {key}"),
        "a key twice under two names": lines(f"witness w9 {vkey('x', 4, NAMES[0])}"),
        "a log's key as a witness's": lines(f"witness w9 {vkey('x', 4, ORIGIN)}"),
        "a log with a witness's type": lines(f"log {vkey('y', 4)}"),
        "a witness with a log's type": lines(f"witness w9 {vkey('y', 1)}"),
        "a type that cannot be verified": lines(f"witness w9 {_other_type('y', 2)}"),
        "another key id": lines(start=[f"log {name}+{'0' * 8}+{material}"]),
        "a key id in capitals": lines(start=[f"log {name}+{key_id.upper()}+{material}"]),
        "a key that is cut off": lines(start=[f"log {name}+{key_id}+{material[:-4]}"]),
        "spare bits in the key": lines(start=[f"log {LOG[:-1]}B"]),
        "a key of another name": lines(f"witness w9 x+{other.split('+', 1)[1]}"),
    }


def _other_type(name, kind):
    """A vkey of a type that nobody here can verify."""
    material = bytes([kind]) + bytes.fromhex(seed(name))
    key_id = sha256(name.encode() + b"\n" + material).hexdigest()[:8]
    return f"{name}+{key_id}+{base64.b64encode(material).decode()}"


def _quorums():
    text = lines("group a 2 w1 w2", "group b any a w3", quorum="b")
    for cosigners in ([], ["w1"], ["w3"], ["w1", "w2"], ["w2", "w3"], ["a"], ["b"], ["w9"]):
        yield ask(
            "quorum", f"both of w1 and w2, or w3: {cosigners}", text=text, cosigners=cosigners
        )
    everybody = lines("group g all w1 w2 w3", quorum="g")
    for cosigners in (["w1", "w2"], ["w1", "w2", "w3"]):
        yield ask("quorum", f"all: {cosigners}", text=everybody, cosigners=cosigners)
    yield ask("quorum", "nobody is asked", text=lines(), cosigners=[])


ROOT = "a7" * 32


def note(*cosigners, origin=ORIGIN, **members):
    """Inputs of a note, cosigned by (name, seconds after the seal)."""
    signed = [{"name": n, "seed": seed(n), "time": SECOND + after} for n, after in cosigners]
    inputs = {"origin": origin, "size": 5, "root": ROOT, "seed": seed(ORIGIN)}
    return inputs | {"cosigners": signed} | members


def note_text(*cosigners, **members):
    return ANSWERS["note"](note(*cosigners, **members), None)


def checkpoints():
    w1, w2, w3 = ((name, 10 * n) for n, name in enumerate(NAMES, 1))
    yield ask("note", "by the log alone", **note())
    yield ask("note", "of an empty log", **note(size=0, root=sha256(b"").hexdigest()))
    yield ask("note", "of the largest log", **note(size=2**63 - 1))
    yield ask("note", "with a cosignature", **note(w1))
    yield ask("note", "with three", **note(w1, w2, w3))
    yield refuse("note", "malformed", "too large a log", **note(size=2**63))
    yield refuse("note", "malformed", "a root of 31 bytes", **note(root=ROOT[2:]))
    yield refuse("note", "malformed", "no origin", **note(origin=""))
    two = lines("group g 2 w1 w2 w3", quorum="g")
    root = base64.b64encode(bytes.fromhex(ROOT)).decode()
    asked = {
        "nobody is asked": (lines(), note_text()),
        "nobody is asked, and one has cosigned": (lines(), note_text(w1)),
        "the one that is asked": (lines(quorum="w1"), note_text(w1)),
        "two of three": (two, note_text(w1, w3)),
        "three of three, two asked: the second newest counts": (two, note_text(w1, w2, w3)),
        "one twice, the newer counts": (lines(quorum="w1"), note_text(w1, (NAMES[0], 50))),
        "one of nobody's policy is ignored": (lines(), note_text(("stranger.example", 1))),
        "a line twice": (lines(), _double_last_line(note_text(w1))),
        "extension lines": (lines(), _signed(f"{ORIGIN}\n5\n{root}\nmore\nlines\n")),
    }
    for desc, (policy, text) in asked.items():
        yield ask("checkpoint", desc, policy=policy, text=text, seal_time=SEAL_TIME)
    for desc, (error, policy, text) in _refused_notes(w1, w2, w3, two).items():
        data = text if isinstance(text, bytes) else text.encode()
        inputs = bytes_case(data) | {"policy": policy, "seal_time": SEAL_TIME}
        yield refuse("checkpoint", error, desc, **inputs)


def _double_last_line(text):
    return text + text.rstrip("\n").rpartition("\n")[2] + "\n"


def _signed(text, name=ORIGIN):
    """A note of this text with the line of one log alone, whichever that is."""
    key = SigningKey(bytes.fromhex(seed(name)))
    key_id = bytes.fromhex(vkey(name, 1).split("+")[1])
    blob = base64.b64encode(key_id + key.sign(text.encode())).decode()
    return f"{text}\n\u2014 {name} {blob}\n"


def _refused_notes(w1, w2, w3, two):
    plain, cosigned = note_text(), note_text(w1)
    body = plain.partition("\n\n")[0] + "\n"
    stranger = note_text(seed=seed("another log"))
    witness_line = cosigned.rstrip("\n").rpartition("\n")[2]
    return {
        "one where two are asked": ("quorum", two, cosigned),
        "nobody where one is asked": ("quorum", lines(quorum="w1"), plain),
        "another than the one asked": ("quorum", lines(quorum="w1"), note_text(w2)),
        "one of nobody's policy does not count": (
            "quorum",
            lines(quorum="w1"),
            note_text(("x", 1)),
        ),
        "signed by another log's key": ("signature", lines(), stranger),
        "signed by another log of the policy": (
            "signature",
            lines(start=[*LINES, f"log {vkey('example.org/b', 1)}"]),
            _signed(body, "example.org/b"),
        ),
        "another size": ("signature", lines(), plain.replace("\n5\n", "\n6\n", 1)),
        "another origin": ("signature", lines(), plain.replace(ORIGIN, "example.org/x", 1)),
        "a cosignature by a witness alone": (
            "signature",
            lines(),
            plain.partition("\n\n")[0] + f"\n\n{witness_line}\n",
        ),
        "a wrong cosignature beside a good signature": (
            "signature",
            lines(),
            plain + witness_line[:-8] + "AAAAAAA=\n",
        ),
        "a cosignature from after the year 9999": (
            "signature",
            lines(),
            note_text((NAMES[0], 300_000_000_000)),
        ),
        "an extension that nobody signed": (
            "signature",
            lines(),
            plain.replace("=\n\n", "=\nx\n\n", 1),
        ),
        "no signature lines": ("malformed", lines(), plain.partition("\n\n")[0] + "\n\n"),
        "no blank line": ("malformed", lines(), plain.replace("\n\n", "\n")),
        "no newline at the end": ("malformed", lines(), plain.rstrip("\n")),
        "a hyphen for the dash": ("malformed", lines(), plain.replace("\u2014", "-")),
        "two blanks": ("malformed", lines(), plain.replace("\u2014 ", "\u2014  ")),
        "a tab in the text": ("malformed", lines(), plain.replace("\n5\n", "\n5\t\n")),
        "a size with a zero in front": ("malformed", lines(), plain.replace("\n5\n", "\n05\n")),
        "a root without its padding": ("malformed", lines(), plain.replace("=\n\n", "\n\n", 1)),
        "a root in the text of two lines": ("malformed", lines(), "a\n\n" + plain),
        "not UTF-8": ("malformed", lines(), plain.encode().replace(b"\n5\n", b"\n5\xff\n")),
        "65 lines": ("limit", lines(), plain + "\u2014 x AAAAAAA=\n" * 64),
        "too long": ("limit", lines(), "a" * 65_537),
    }
