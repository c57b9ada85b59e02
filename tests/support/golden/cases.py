"""One case of a vector file, and how a file of them is made."""

from ledger.errors import LedgerError

ALWAYS = {"desc", "what", "want", "want_error"}


def ask(what, desc, **inputs):
    """A case that is answered."""
    return {"desc": desc, "what": what, **inputs}


def refuse(what, error, desc, **inputs):
    """A case that is refused with the error of this code."""
    return {"desc": desc, "what": what, **inputs, "want_error": error}


def inputs_of(case):
    return {name: value for name, value in case.items() if name not in ALWAYS}


def data_of(case):
    """The bytes that a case is about: `text` in UTF-8, or `hex` where they are none."""
    return case["text"].encode() if "text" in case else bytes.fromhex(case["hex"])


def bytes_case(data):
    """The input that stands for these bytes."""
    try:
        return {"text": data.decode()}
    except UnicodeDecodeError:
        return {"hex": data.hex()}


def settle(asked, answer, shared):
    """The case with what the product answers.

    Raises:
        AssertionError: It answers what was to be refused, or refuses otherwise.
    """
    try:
        want = answer[asked["what"]](asked, shared)
    except LedgerError as exc:
        if exc.code != asked.get("want_error"):
            raise AssertionError(f"{asked['desc']}: refused as {exc.code}: {exc}") from exc
        return asked
    if "want_error" in asked:
        raise AssertionError(f"{asked['desc']}: not refused as {asked['want_error']}")
    return {**asked, "want": want}
