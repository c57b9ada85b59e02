"""What is signed, written from our formats page alone: text, checkpoints and credentials.

Sections 1, 4 and 8 for `independent_verifier`; like it without a line of the product.
"""

import base64
import json
import re
from hashlib import sha256

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

DID = r"did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}"
ORIGIN = r"[a-z0-9.-]+(?:/[A-Za-z0-9._~-]+)*"


class NotAuthenticError(Exception):
    """The file is not what it claims to be, or not readable at all."""


def need(condition, why):
    if not condition:
        raise NotAuthenticError(why)


def like(pattern, value, why):
    need(isinstance(value, str) and re.fullmatch(pattern, value), why)
    return value


def count(value, why):
    need(type(value) is int and value >= 0, why)
    return value


def members(value, names, why):
    need(isinstance(value, dict) and set(value) == set(names.split()), why)
    return value


# --- 1. text and JSON

BAD_CHARACTER = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef"
    + "".join(map(chr, (p * 0x10000 + e for p in range(17) for e in (0xFFFE, 0xFFFF))))
    + "]"
)


def read_json(data):
    """A value without doubled members, fractions or forbidden characters; canonical or not."""

    def unique(pairs):
        need(len(dict(pairs)) == len(pairs), "a member twice")
        return dict(pairs)

    def whole(digits):
        need(digits != "-0" and len(digits) <= 17 and abs(int(digits)) < 2**53, "a number")
        return int(digits)

    def refuse(_):
        need(False, "a number that is no integer")

    hooks = {"object_pairs_hook": unique, "parse_int": whole}
    try:
        return json.loads(data.decode(), parse_float=refuse, parse_constant=refuse, **hooks)
    except (ValueError, RecursionError):
        raise NotAuthenticError("not JSON") from None


def canonical(value, depth, name="[A-Za-z0-9_.:@/$-]{1,64}"):
    """RFC 8785 bytes of a value at most so deep; member names as the pattern says."""
    if isinstance(value, str):
        need(not BAD_CHARACTER.search(value), "a forbidden character")
        text = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'"{text}"'.encode()
    if value is None or type(value) in (bool, int):
        return json.dumps(value).encode()
    need(depth > 0, "nested too deeply")
    if isinstance(value, list):
        return b"[%b]" % b",".join(canonical(one, depth - 1, name) for one in value)
    need(all(re.fullmatch(name, one, re.DOTALL) for one in value), "the name of a member")
    ordered = sorted(value, key=lambda one: one.encode("utf-16-be", "surrogatepass"))
    parts = (b"%b:%b" % (canonical(n, 0), canonical(value[n], depth - 1, name)) for n in ordered)
    return b"{%b}" % b",".join(parts)


def read_canonical(data, most, depth):
    need(len(data) <= most, "too large")
    value = read_json(data)
    need(canonical(value, depth) == data, "not canonical")
    return value


def b64url(text):
    like(r"[A-Za-z0-9_-]*", text, "base64url")
    return b64(text.translate(str.maketrans("-_", "+/")) + "=" * (-len(text) % 4))


def b64(text):
    try:
        raw = base64.b64decode(text, validate=True)
    except (ValueError, TypeError):
        raise NotAuthenticError("base64") from None
    need(base64.b64encode(raw).decode() == text, "base64")
    return raw


def base58(text, size):
    number = 0
    for character in text:
        digit = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".find(character)
        need(digit >= 0, "base58")
        number = number * 58 + digit
    zeros = len(text) - len(text.lstrip("1"))
    raw = bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")
    need(len(raw) == size, "base58 of another length")
    return raw


def public_key(did):
    raw = base58(like(DID, did, "did:key")[9:], 34)
    need(raw[:2] == b"\xed\x01", "did:key of another kind")
    return raw[2:]


def check_signature(key, message, signature):
    need(len(key) == 32 and len(signature) == 64, "length of key or signature")
    try:
        VerifyKey(key).verify(message, signature)
    except BadSignatureError:
        raise NotAuthenticError("a signature") from None


# --- 4. policy and checkpoint (c2sp.org/tlog-policy, signed-note, tlog-checkpoint, tlog-cosignature)


def read_vkey(data, kind):
    """(name, key id) and public key of a vkey of this signature type."""
    try:
        name, key_id, material = data.decode().split("+", 2)
    except ValueError:
        raise NotAuthenticError("vkey") from None
    raw = b64(material)
    need(is_key_name(name) and raw[:1] == kind and len(raw) == 33, "vkey")
    need(sha256(name.encode() + b"\n" + raw).hexdigest()[:8] == key_id, "key id")
    return (name, bytes.fromhex(key_id)), raw[1:]


def is_key_name(name):
    return name != "" and not any(one.isspace() or one == "+" or one < " " for one in name)


def read_policy(data):
    """`{"logs","witnesses","groups","quorum"}` of a policy file; names are bytes."""
    need(len(data) <= 256 * 1024 and data.endswith(b"\n"), "policy")
    need(not re.search(rb"[^\t\n\x20-\x7e\x80-\xff]", data), "a control character in the policy")
    policy = {"logs": {}, "witnesses": {}, "groups": {}, "quorum": None}
    taken, keys = set(), set()
    for line in data.split(b"\n"):
        words = re.split(rb"[ \t]+", line.strip(b" \t"))
        if words == [b""] or words[0].startswith(b"#"):
            continue
        need(len(words) > 1 and words[0] in POLICY_LINES, "a line of the policy")
        POLICY_LINES[words[0]](policy, words[1:], taken, keys)
        need(all(len(policy[part]) <= 256 for part in ("logs", "witnesses", "groups")), "policy")
    need(policy["quorum"] is not None, "no quorum line")
    return policy


def add_log(policy, words, taken, keys):
    need(len(words) <= 2, "a log line")
    add_key(policy["logs"], *read_vkey(words[0], b"\x01"), b"", keys)


def add_witness(policy, words, taken, keys):
    need(len(words) in (2, 3) and is_new(policy, words[0]), "a witness line")
    add_key(policy["witnesses"], *read_vkey(words[1], b"\x04"), words[0], keys)


def add_key(table, identity, key, name, keys):
    need(key not in keys and identity not in keys, "one key twice")
    keys.update((key, identity))
    table[identity] = (name, key)


def add_group(policy, words, taken, keys):
    need(len(words) >= 3 and is_new(policy, words[0]), "a group line")
    name, threshold, *parts = words
    for part in parts:
        need(not is_new(policy, part) and part != b"none" and part not in taken, "a member")
        taken.add(part)
    named = {b"all": len(parts), b"any": 1}
    need(threshold in named or re.fullmatch(rb"[1-9][0-9]{0,8}", threshold), "a threshold")
    least = named.get(threshold) or int(threshold)
    need(least <= len(parts), "a threshold")
    policy["groups"][name] = (least, parts)


def set_quorum(policy, words, taken, keys):
    need(len(words) == 1 and policy["quorum"] is None, "a quorum line")
    need(words[0] == b"none" or not is_new(policy, words[0]), "the quorum")
    policy["quorum"] = words[0]


def is_new(policy, name):
    names = [one for one, _ in policy["witnesses"].values()]
    return name != b"none" and name not in names and name not in policy["groups"]


POLICY_LINES = {
    b"log": add_log,
    b"witness": add_witness,
    b"group": add_group,
    b"quorum": set_quorum,
}


def has_quorum(policy, cosigners):
    present = set(cosigners)
    for name, (least, parts) in policy["groups"].items():
        if len(present & set(parts)) >= least:
            present.add(name)
    return policy["quorum"] == b"none" or policy["quorum"] in present


def open_checkpoint(policy, note):
    """`{"origin","size","root","cosigned"}` of a note; cosigned: policy name to newest seconds."""
    need(len(note) <= 64 * 1024, "size of the note")
    try:
        text, blank, lines = note.decode().rpartition("\n\n")
    except ValueError:
        raise NotAuthenticError("a note that is not UTF-8") from None
    need(not re.search("[\x00-\x09\x0b-\x1f]", text + lines), "a control character in the note")
    need(blank and lines.endswith("\n") and lines.count("\n") <= 64, "signature lines")
    text += "\n"
    need(text.count("\n") >= 3, "a checkpoint of three lines")
    origin, size, root, *extensions, end = text.split("\n")
    need(origin and end == "" and all(extensions), "a checkpoint")
    like("0|[1-9][0-9]{0,18}", size, "the size")
    need(int(size) < 2**63 and len(b64(root)) == 32, "a checkpoint")
    signed, cosigned = False, {}
    for line in lines[:-1].split("\n"):
        dash, name, blob = line.split(" ") if line.count(" ") == 2 else ("", "", "")
        raw = b64(blob)
        need(dash == "\u2014" and is_key_name(name) and len(raw) > 4, "a signature line")
        identity, raw = (name, raw[:4]), raw[4:]
        if identity in policy["logs"]:
            check_signature(policy["logs"][identity][1], text.encode(), raw)
            signed = signed or name == origin
        if identity in policy["witnesses"]:
            witness, key = policy["witnesses"][identity]
            time = int.from_bytes(raw[:8], "big")
            need(len(raw) == 72 and time <= 253_402_300_799, "a cosignature")
            check_signature(key, f"cosignature/v1\ntime {time}\n{text}".encode(), raw[8:])
            cosigned[witness] = max(time, cosigned.get(witness, 0))
    need(signed, "no log of the policy has signed")
    need(has_quorum(policy, cosigned), "the quorum is not met")
    return {"origin": origin, "size": int(size), "root": b64(root), "cosigned": cosigned}


def find_as_of(policy, opened, seal_time):
    """Section 4, "as of", in milliseconds."""
    if policy["quorum"] == b"none":
        return seal_time
    times = sorted(set(opened["cosigned"].values()), reverse=True)
    for time in times:
        if has_quorum(policy, [name for name, at in opened["cosigned"].items() if at >= time]):
            return time * 1000
    raise AssertionError("the quorum is met")


# --- 8. credential

CONTEXTS = ["https://www.w3.org/ns/credentials/v2", "urn:muniment:context:voucher:1"]


def check_credential(credential):
    """What it says of itself, once its own signature verifies."""
    members(
        credential,
        "@context credentialSchema credentialSubject id issuer proof termsOfUse type validFrom "
        "validUntil",
        "a credential",
    )
    need(credential["@context"] == CONTEXTS, "contexts")
    kinds = ["VerifiableCredential", "DataPropertyRegistrationCredential"]
    need(credential["type"] == kinds, "types")
    issuer = members(credential["issuer"], "id name", "issuer")
    need(isinstance(issuer["name"], str), "name of the issuer")
    key = public_key(issuer["id"])
    schema = members(credential["credentialSchema"], "digestSRI id type", "credentialSchema")
    need(schema["type"] == "JsonSchema", "type of the schema")
    need(schema["id"] == "urn:muniment:schema:voucher-credential:1", "id of the schema")
    sri = like("sha256-.+", schema["digestSRI"], "digest of the schema")
    need(len(b64(sri[7:])) == 32, "digest of the schema")
    urn = rf"urn:muniment:({ORIGIN}):(voucher/[A-Z0-9]{{1,40}})"
    origin, subject = re.fullmatch(urn, like(urn, credential["id"], "id")).groups()
    check_proof(credential, issuer["id"], key)
    return {
        "origin": origin,
        "subject": subject,
        "issuer": issuer["id"],
        "digest": sha256(canonical(credential, 20, ".*")).hexdigest(),
        "times": (read_time(credential["validFrom"]), read_time(credential["validUntil"])),
    }


def check_proof(credential, did, key):
    """W3C Data Integrity, eddsa-jcs-2022."""
    names = "@context created cryptosuite proofPurpose proofValue type verificationMethod"
    proof = members(credential["proof"], names, "proof")
    need(proof["@context"] == credential["@context"], "context of the proof")
    need(proof["type"] == "DataIntegrityProof", "type of the proof")
    need(proof["cryptosuite"] == "eddsa-jcs-2022", "cryptosuite")
    need(proof["proofPurpose"] == "assertionMethod", "purpose of the proof")
    need(proof["verificationMethod"] == f"{did}#{did[8:]}", "issuer and verificationMethod")
    read_time(proof["created"])
    signature = base58(like("z.{80,90}", proof["proofValue"], "proofValue")[1:], 64)
    config = {name: one for name, one in proof.items() if name != "proofValue"}
    document = {name: one for name, one in credential.items() if name != "proof"}
    hashes = (sha256(canonical(one, 20, ".*")).digest() for one in (config, document))
    check_signature(key, b"".join(hashes), signature)


def read_time(text):
    """Unix milliseconds of `YYYY-MM-DDTHH:MM:SSZ`."""
    form = r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z"
    found = re.fullmatch(form, like(form, text, "a time"), re.ASCII)
    need(found, "a time")
    year, month, day, hour, minute, second = map(int, found.groups())
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    months = [31, 29 if is_leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    need(year >= 1970 and 1 <= month <= 12 and 1 <= day <= months[month - 1], "a date")
    need(hour < 24 and minute < 60 and second < 60, "a time of day")
    leaps = sum((year - 1) // n - 1969 // n for n in (4, 400)) - ((year - 1) // 100 - 19)
    days = (year - 1970) * 365 + leaps + sum(months[: month - 1]) + day - 1
    return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000
