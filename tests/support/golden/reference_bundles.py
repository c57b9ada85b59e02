"""What the references say of a bundle: plain proofs by one of them, all other kinds by another."""

from tests.support import (
    independent_answers,
    independent_catalogue,
    independent_exports,
    independent_files,
    independent_queries,
    independent_signed,
    independent_verifier,
    reference_formats,
)
from tests.support.golden.patches import patched
from tests.support.independent_proofs import UnsupportedError
from tests.support.reference_json import from_b64url, need, read_bundle

JUDGES = {
    "muniment/check/v1": independent_answers.verify_check,
    "muniment/query/v1": independent_queries.verify_query,
    "muniment/certificate/v1": independent_queries.verify_certificate,
    "muniment/delivery/v1": independent_files.verify_delivery,
    "muniment/usage-line/v1": independent_files.verify_usage_line,
    "muniment/national/v1": independent_exports.verify_national,
    "muniment/catalogue/v1": independent_catalogue.verify_catalogue,
}


def verdict(case, shared):
    data = patched(shared["bundles"][case["bundle"]], case.get("change", []))
    text, asked = shared["policies"][case["policy"]].encode(), case.get("as_of")
    bundle = read_bundle(data)
    if bundle.get("format") == "muniment/voucher/v1":
        found = independent_verifier.verify_voucher(data, text, now=case["now"], as_of=asked)
        return {"kind": "voucher", **found}
    if bundle.get("format") in JUDGES:
        return _judge(bundle["format"], data, text)
    policy = independent_signed.read_policy(text)
    note_text = _find_note(bundle)
    cosigned = independent_signed.open_checkpoint(policy, note_text.encode())["cosigned"]
    newest = 1000 * max(cosigned.values()) if cosigned else None
    reference_formats.verify(bundle, reference_formats.Trusted(note_text, newest))
    kind = bundle["format"].split("/")[1]
    return {"kind": kind, "subject": _find_subject(bundle, kind)}


def _judge(form, data, policy):
    try:
        return {"kind": form.split("/")[1], **JUDGES[form](data, policy)}
    except UnsupportedError as exc:
        raise AssertionError("the vectors ask what the references cover") from exc


def _find_note(bundle):
    if bundle.get("format") == "muniment/dossier/v1":
        return _find_note(bundle.get("state", {}))
    receipt = bundle if "proof" in bundle else bundle.get("seal")
    need(isinstance(receipt, dict) and isinstance(receipt.get("proof"), str), "a receipt")
    return receipt["proof"].partition("\n\n")[2]


def _find_subject(bundle, kind):
    if kind == "receipt":
        value = reference_formats.read_leaf(from_b64url(bundle["entry"]))
        return value["event"]["subjects"][0] if "event" in value else ""
    return bundle["state"]["subject"] if kind == "dossier" else bundle["subject"]
