"""Vouchers of an operator who lies: every proof holds, and what is proved is up to the test.

Whoever holds a log's key can sign any tree. What such a log says is authentic to a verifier that
asks no auditor, but not even it can make parts belong together that do not: with `forge` a test
changes one of them and has everything around it hashed, signed and proved anew.

Trees, maps and JSON are those of the slow references, so a forgery is not made by what it tests.
"""

import base64
import copy
from dataclasses import dataclass
from hashlib import sha256

import base58

from tests.support import reference, reference_map
from tests.support.reference_json import b64url, from_b64url, read, write


@dataclass(frozen=True)
class Forger:
    """Has the keys of a log, of the registrar and of a witness; each can `sign`.

    Args:
        log: The log's key.
        log_line: The start of its signature lines: name, and key id in bytes.
        registrar: Signs records and credentials.
        witness: The witness's key, or None.
        witness_line: The start of its signature lines.
    """

    log: object
    log_line: tuple
    registrar: object
    witness: object = None
    witness_line: tuple = ()

    def parts(self, bundle):
        """What an honest voucher says, taken out of its proofs; `forge` puts it back in."""
        entry = read(from_b64url(bundle["issued"]["entry"]), max_depth=17)
        seal = read(from_b64url(bundle["state"]["seal"]["entry"]))["seal"]
        states = {name: copy.deepcopy(bundle[name]["value"]) for name in ("state", "asset")}
        for value in states.values():
            value["last"] = 0
        return {
            "credential": copy.deepcopy(bundle["credential"]),
            "event": entry["event"],
            "signers": [self.registrar],
            "time": entry["time"],
            "subjects": {name: bundle[name]["subject"] for name in states},
            "values": states,
            "seal": {"time": seal["time"], "rules": seal["rules"]},
            "origin": entry["event"]["log"],
            "cosigned": [],
            "before": [],
            "after": [],
            "spoil": lambda signatures: signatures,
        }

    def record(self, parts):
        """Let the ledger name the credential as it is now."""
        made = sha256(write(parts["credential"], any_name=True)).hexdigest()
        parts["event"]["body"]["credential"] = made
        parts["values"]["state"]["state"]["credential"] = made

    def issue(self, parts, key=None):
        """Sign the credential as it is now, by the registrar unless told."""
        credential = parts["credential"]
        config = {n: one for n, one in credential["proof"].items() if n != "proofValue"}
        document = {n: one for n, one in credential.items() if n != "proof"}
        hashes = (sha256(write(one, any_name=True)).digest() for one in (config, document))
        signature = (key or self.registrar).sign(b"".join(hashes))
        value = "z" + base58.b58encode(signature).decode()
        credential["proof"] = config | {"proofValue": value}

    def forge(self, parts):
        """The voucher: the leaves `before`, the record, the seal, and the leaves `after`."""
        message = b"muniment/event/v1\n" + write(parts["event"])
        signatures = sorted(
            ({"key": key.did, "sig": b64url(key.sign(message))} for key in parts["signers"]),
            key=lambda one: one["key"],
        )
        entry = {
            "event": parts["event"],
            "signatures": parts["spoil"](signatures),
            "time": parts["time"],
            "v": 1,
        }
        entries = [*parts["before"], write(entry)]
        keys = {name: sha256(one.encode()).digest() for name, one in parts["subjects"].items()}
        values = {name: sha256(write(one)).digest() for name, one in parts["values"].items()}
        leaves = {keys[name]: values[name] for name in keys}
        seal = {
            "count": len(entries),
            "first": 0,
            "height": 0,
            "prev": "0" * 64,
            "state": {"root": reference_map.build(leaves).hex(), "size": len(leaves)},
        }
        log = [*entries, write({"seal": seal | parts["seal"], "v": 1}), *parts["after"]]
        note = self._note(parts["origin"], log, parts["cosigned"])

        def receipt(index):
            path = [base64.b64encode(one).decode() for one in reference.path(index, log)]
            head = ["c2sp.org/tlog-proof@v1", f"index {index}", *path, "", note]
            form = "muniment/receipt/v1"
            return {"format": form, "entry": b64url(log[index]), "proof": "\n".join(head)}

        def state(name):
            return {
                "format": "muniment/state/v1",
                "subject": parts["subjects"][name],
                "value": parts["values"][name],
                "map_proof": b64url(reference_map.prove(leaves, keys[name])),
                "seal": receipt(len(entries)),
            }

        return {
            "format": "muniment/voucher/v1",
            "credential": parts["credential"],
            "issued": receipt(len(entries) - 1),
            "state": state("state"),
            "asset": state("asset"),
        }

    def _note(self, origin, log, cosigned):
        root = base64.b64encode(reference.mth(log)).decode()
        text = f"{origin}\n{len(log)}\n{root}\n"
        lines = [(self.log_line, self.log.sign(text.encode()))]
        for time in cosigned:
            message = f"cosignature/v1\ntime {time}\n{text}".encode()
            blob = time.to_bytes(8, "big") + self.witness.sign(message)
            lines.append((self.witness_line, blob))
        shown = (
            f"\u2014 {name} {base64.b64encode(key_id + blob).decode()}\n"
            for (name, key_id), blob in lines
        )
        return text + "\n" + "".join(shown)
