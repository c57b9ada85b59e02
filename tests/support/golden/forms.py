"""Questions about text, JSON, keys, subjects, commitments, policies and checkpoints."""

import base64
from hashlib import sha256

from tests.support.golden.cases import ask, bytes_case, refuse
from tests.support.reference_json import SAFE, b64url, did_key

ORIGIN = "example.org/ledger"
PARTY = "party/" + "a" * 26
NONCE = b64url(bytes(range(16)))


def canonical():
    yield from _accepted_values()
    yield from _refused_texts()
    yield from _refused_bytes()
    yield from _depths()
    yield from _written()
    yield from _bundles()


def _accepted_values():
    texts = {
        "an empty object": "{}",
        "an empty array": "[]",
        "a word": "true",
        "nothing": "null",
        "zero": "0",
        "the largest number": str(SAFE),
        "the smallest number": str(-SAFE),
        "a text": '"text"',
        "no text": '""',
        "a newline": '"\\n"',
        "quote and backslash": '"\\"\\\\"',
        "a slash is not escaped": '"/"',
        "Chinese, as it is": '"数据"',
        "outside the first plane": '"\U0001f600"',
        "composed and decomposed are two texts": '["\u00e9","e\u0301"]',
        "all that a name may hold": '{"$-./09:@AZ_az":1}',
        "a name of 64 characters": '{"' + "a" * 64 + '":1}',
        "members in order": '{"A":1,"B":{"a":[1,2],"b":null}}',
        "the characters around the forbidden ones": '"\u0020\u007e\u00a0\u2029\u202f\u2065\u206a"',
        "private use": '"\ue000\U0010fffd"',
    }
    for desc, text in texts.items():
        yield ask("canonical", desc, **bytes_case(text.encode()))


def _refused_texts():
    texts = {
        "a blank": '{"a": 1}',
        "a newline at the end": "{}\n",
        "members in another order": '{"b":1,"a":2}',
        "a member twice": '{"a":1,"a":1}',
        "a member without a name": '{"":1}',
        "a name of 65 characters": '{"' + "a" * 65 + '":1}',
        "a name with a blank": '{"a b":1}',
        "a Chinese name": '{"名":1}',
        "a fraction": "1.5",
        "a fraction of zero": "1.0",
        "an exponent": "1e3",
        "minus zero": "-0",
        "a plus": "+1",
        "a zero in front": "01",
        "one more than the largest number": str(SAFE + 1),
        "one less than the smallest number": str(-SAFE - 1),
        "a number of 400 digits": "9" * 400,
        "infinity": "Infinity",
        "not a number": "NaN",
        "an escaped slash": '"\\/"',
        "an escaped letter": '"\\u0041"',
        "an escaped newline in capitals": '"\\u000A"',
        "a newline as it is": '"\n"',
        "a tab": '"\t"',
        "an escaped tab": '"\\t"',
        "a null character": '"\\u0000"',
        "delete": '"\u007f"',
        "a C1 control": '"\u0085"',
        "an embedding mark": '"\u202a"',
        "an override mark": '"\u202e"',
        "an isolate mark": '"\u2066"',
        "the last isolate mark": '"\u2069"',
        "a noncharacter": '"\ufffe"',
        "a noncharacter in the block of Arabic": '"\ufdd0"',
        "the last noncharacter": '"\U0010ffff"',
        "a lone surrogate": '"\\ud800"',
        "two surrogates, escaped": '"\\ud83d\\ude00"',
        "a comma too many": "[1,]",
        "no closing bracket": "[1",
        "two values": "1 2",
        "a comment": "[]//",
        "a single quote": "'a'",
        "nothing at all": "",
    }
    for desc, text in texts.items():
        yield refuse("canonical", "malformed", desc, **bytes_case(text.encode()))


def _refused_bytes():
    data = {
        "a byte order mark": b"\xef\xbb\xbf{}",
        "UTF-16": "{}".encode("utf-16-le"),
        "a byte that is not UTF-8": b'"\xff"',
        "a surrogate in UTF-8": b'"\xed\xa0\x80"',
        "an overlong form": b'"\xc0\xaf"',
        "cut within a character": '"数"'.encode()[:-2],
    }
    for desc, raw in data.items():
        yield refuse("canonical", "malformed", desc, **bytes_case(raw))
    yield refuse("canonical", "limit", "too long", text="[1,2,3]", max_bytes=6)
    yield ask("canonical", "just short enough", text="[1,2,3]", max_bytes=7)


def _depths():
    for deepest in (0, 1, 16, 20):
        text = "[" * deepest + "0" + "]" * deepest
        yield ask(
            "canonical",
            f"{deepest} levels where {deepest} are allowed",
            text=text,
            max_depth=deepest,
        )
        deeper = f"[{text}]"
        yield refuse(
            "canonical",
            "limit",
            f"{deepest + 1} levels where {deepest} are allowed",
            text=deeper,
            max_depth=deepest,
        )
    yield ask("canonical", "an empty container is a level", text="[[]]", max_depth=2)
    yield refuse("canonical", "limit", "an empty container too deep", text="[[]]", max_depth=1)


def _written():
    yield ask("write", "members are sorted", value={"b": 1, "a": [True, None, "x"], "A": {}})
    yield ask("write", "a newline is escaped, Chinese is not", value={"t": "一\n二"})
    yield ask("write", "as deep as may be", value=_nested(20))
    yield refuse("write", "limit", "one deeper", value=_nested(21))
    yield refuse("write", "malformed", "a tab", value="\t")
    yield refuse("write", "malformed", "a number too large", value=SAFE + 1)
    yield refuse("write", "malformed", "a name that only credentials have", value={"名称": 1})
    astral, private = "\U0001f600", "\uf8ff"
    names = {private: 1, astral: 2, "名称": 3, "a b": 4, "": 5}
    yield ask(
        "write credential", "names by UTF-16, where the first plane is not first", value=names
    )
    yield refuse(
        "write credential", "malformed", "a forbidden character in a name", value={"\x01": 1}
    )


def _nested(depth):
    value = 0
    for _ in range(depth):
        value = [value]
    return value


def _bundles():
    texts = {
        "blanks": '\r\n\t {"b" : 1 , "a" : [ ] } ',
        "escapes of any kind": '{"a":"\\u6570\\u636e\\/\\n"}',
        "two surrogates, escaped": '{"a":"\\ud83d\\ude00"}',
        "any name": '{"名 称":1}',
    }
    for desc, text in texts.items():
        yield ask("bundle", f"on disk: {desc}", text=text)
    refused = {
        "a member twice": '{"a":1,"a":1}',
        "a member twice in another spelling": '{"a":1,"\\u0061":1}',
        "a fraction": '{"a":1.0}',
        "an exponent": '{"a":1e2}',
        "minus zero": '{"a":-0}',
        "one more than the largest number": f'{{"a":{SAFE + 1}}}',
        "not a number": '{"a":NaN}',
        "a lone surrogate": '{"a":"\\ud800"}',
        "a forbidden character": '{"a":"\\u202e"}',
        "a forbidden character in a name": '{"\\u202e":1}',
        "an array": "[]",
        "a text": '"a"',
        "a comma too many": '{"a":1,}',
        "something behind": "{}{}",
        "a byte order mark": "\ufeff{}",
    }
    for desc, text in refused.items():
        yield refuse("bundle", "malformed", f"on disk: {desc}", text=text)
    deep = '{"a":' * 23 + "[0]" + "}" * 23
    yield ask("bundle", "on disk: 24 levels", text=deep)
    yield refuse("bundle", "limit", "on disk: 25 levels", text=f'{{"a":{deep}}}')


def text():
    for size in range(4):
        raw = bytes([0xFB, 0xFF, 0xFE])[:size]
        yield ask("base64", f"{size} bytes", text=base64.b64encode(raw).decode())
        yield ask("base64url", f"{size} bytes", text=b64url(raw))
    for desc, spelt in {
        "no padding": "+w",
        "too much padding": "+w===",
        "a blank": "+w= =",
        "a newline": "+w==\n",
        "spare bits": "+x==",
        "the other alphabet": "-_8=",
        "padding within": "+w==AAAA",
    }.items():
        yield refuse("base64", "malformed", desc, text=spelt)
    for desc, spelt in {
        "padding": "-w==",
        "a lone character": "-",
        "spare bits": "-x",
        "the other alphabet": "+/8",
        "a blank": "-w ",
        "a newline": "-w\n",
        "a wide letter": "\uff21\uff21",
    }.items():
        yield refuse("base64url", "malformed", desc, text=spelt)
    for number in (0, 1, 10, 2**63 - 1):
        yield ask("decimal", f"{number}", text=str(number))
    for desc, spelt in {
        "nothing": "",
        "a zero in front": "01",
        "a sign": "+1",
        "minus zero": "-0",
        "a blank": " 1",
        "an underscore": "1_0",
        "other digits": "\u0661",
        "a newline": "1\n",
        "two to the 63rd": str(2**63),
    }.items():
        yield refuse("decimal", "malformed", desc, text=spelt)


def keys():
    public = [sha256(b"key %d" % n).digest() for n in range(3)]
    for n, raw in enumerate([*public, bytes(32), b"\xff" * 32]):
        yield ask("did:key", f"32 bytes, {n}", public_key=raw.hex())
        yield ask("read did:key", f"its key, {n}", did=did_key(raw))
    yield refuse("did:key", "malformed", "31 bytes", public_key=public[0][:31].hex())
    yield refuse("did:key", "malformed", "33 bytes", public_key=(public[0] + b"\0").hex())
    did = did_key(public[0])
    for desc, spelt in {
        "no key at all": "did:key:",
        "another method": did.replace("key", "web", 1),
        "cut off": did[:-1],
        "one character more": did + "1",
        "a letter that is no base58": did[:-1] + "l",
        "another multibase": did.replace(":z", ":u", 1),
        "another kind of key": did.replace("z6Mk", "z6LS", 1),
        "a fragment": did + "#" + did[8:],
        "a newline": did + "\n",
        "capitals": did.upper(),
        "more than fits": "did:key:z6Mk" + "z" * 44,
    }.items():
        yield refuse("read did:key", "malformed", desc, did=spelt)


def subjects():
    identifier = "a234567" + "b" * 19
    did = did_key(sha256(b"key 0").digest())
    good = ["ledger/self", f"key/{did[8:]}", "name/uscc:91440300708461136T"]
    good += [f"name/sha256:{'0a' * 32}", "voucher/SJ3212026110001", "series/TEST202611"]
    good += ["list/calendar:2026", "list/negative-list:GB.1-a"]
    types = (
        "party asset registration grant delivery encumbrance dispute objection listing attestation"
    )
    types += " order consent filing complaint mandate incident registry"
    good += [f"{name}/{identifier}" for name in types.split()]
    for key in good:
        yield ask("subject", key, key=key)
    bad = [
        "",
        "asset",
        "asset/",
        f"Asset/{identifier}",
        f"asset/{identifier.upper()}",
        "ledger/other",
    ]
    bad += [f"asset/{identifier}c", f"asset/{identifier[:-1]}", f"asset/{identifier[:-1]}1"]
    bad += [f"house/{identifier}", f"asset/{identifier}/x", f" asset/{identifier}", "key/z6Mk"]
    bad += [
        "name/uscc:9144030070846113",
        "name/sha256:0A",
        "name/text:a",
        "voucher/sj1",
        "voucher/",
    ]
    bad += ["list/calendar", "list/Calendar:2026", f"asset/{identifier}\n", f"asset//{identifier}"]
    bad += ["voucher/" + "1" * 41, "list/a:" + "b" * 41]
    for key in bad:
        yield refuse("subject", "malformed", f"not {key[:60]!r}", key=key)
    yield from _derived()
    yield from _urns(identifier)


def _derived():
    for kind, n in (("asset", 0), ("asset", 1), ("registration", 0), ("grant", 7)):
        yield ask(
            "new id", f"{kind} number {n} of an event", type=kind, actor=PARTY, nonce=NONCE, n=n
        )
    other = b64url(bytes(16))
    yield ask("new id", "another nonce, another id", type="asset", actor=PARTY, nonce=other, n=0)
    dids = [did_key(sha256(b"key %d" % n).digest()) for n in range(3)]
    yield ask("party", "one key", keys=dids[:1])
    yield ask("party", "three keys", keys=dids)
    yield ask("party", "the same three in another order", keys=dids[::-1])
    yield ask("registry", "of an origin", origin=ORIGIN)


def _urns(identifier):
    for key in (
        f"asset/{identifier}",
        "voucher/TEST2026110001",
        f"name/sha256:{'0a' * 32}",
        "list/calendar:2026",
    ):
        for origin in (ORIGIN, "a", "a.b-c/D_~.-/0"):
            yield ask("urn", f"{key} of {origin}", urn=f"urn:muniment:{origin}:{key}")
    for desc, spelt in {
        "another scheme": f"urn:other:{ORIGIN}:asset/{identifier}",
        "no origin": f"urn:muniment::asset/{identifier}",
        "no key": f"urn:muniment:{ORIGIN}:",
        "a type that is not known": f"urn:muniment:{ORIGIN}:house/{identifier}",
        "a key that is none": f"urn:muniment:{ORIGIN}:asset/{identifier[:-1]}",
        "an origin in capitals": f"urn:muniment:EXAMPLE.org:asset/{identifier}",
        "a colon in the origin": f"urn:muniment:example.org:80:asset/{identifier}",
        "nothing": "",
    }.items():
        yield refuse("urn", "malformed", desc, urn=spelt)
    long = "a" * 129
    yield refuse(
        "urn", "limit", "an origin of 129 bytes", urn=f"urn:muniment:{long}:asset/{identifier}"
    )
    yield ask("urn", "an origin of 128 bytes", urn=f"urn:muniment:{long[1:]}:asset/{identifier}")


def commitments():
    opening = {
        "by": PARTY,
        "field": "title",
        "log": ORIGIN,
        "salt": b64url(b"\x5a" * 32),
        "value": "停车",
    }
    changes = {
        "a text": {},
        "an absent member": {"value": None},
        "no text": {"value": ""},
        "a number": {"value": 7},
        "an object": {"value": {"digest": "0a" * 32, "size": 3}},
        "another salt": {"salt": b64url(b"\x5b" * 32)},
        "another field": {"field": "summary"},
        "another party": {"by": "party/" + "b" * 26},
        "another ledger": {"log": "example.org/other"},
    }
    for desc, change in changes.items():
        yield ask("commitment", desc, opening=opening | change)
    for desc, change in {
        "a salt of 31 bytes": {"salt": b64url(bytes(31))},
        "a salt of 33 bytes": {"salt": b64url(bytes(33))},
        "a salt with padding": {"salt": b64url(bytes(32)) + "="},
        "a salt with spare bits": {"salt": b64url(bytes(32))[:-1] + "B"},
        "a value outside the profile": {"value": "\t"},
    }.items():
        yield refuse("commitment", "malformed", desc, opening=opening | change)
