"""Unified social credit codes (统一社会信用代码): their form and both of their check characters.

```text
91  440300  70846113 6  T
│   │       │        │  └ check character over the 17 before it    GB 32100-2015, modulo 31
│   │       │        └─── check character of the organisation code GB 11714-1997, modulo 11
│   │       └──────────── organisation code (主体标识码, 组织机构代码)
│   └──────────────────── division of the registering office, six digits (GB/T 2260)
└──────────────────────── registering authority and kind of organisation
```

The two standards number the letters differently: GB 32100 leaves out I, O, S, V and Z, so that J is
18; GB 11714 keeps all 26, so that J is 19.

Which authorities, kinds and divisions exist is not checked: new ones are assigned, and old codes
keep theirs. A few codes that pilot cities issued before the standard do not carry its check
characters; they are refused here.
"""

import re
from typing import Final

from ledger.errors import RejectedError

_FORM: Final = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")

_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_MODULUS: Final = 31
_WEIGHTS: Final = tuple(pow(3, i, _MODULUS) for i in range(17))

_ORGANISATION: Final = slice(8, 16)
_ORGANISATION_CHECK: Final = 16
_ORGANISATION_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ORGANISATION_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_ORGANISATION_CHECKS: Final = "0123456789X"


def check_uscc(text: str) -> None:
    """Refuse what is not a unified social credit code with two right check characters.

    Every single wrong character is noticed, and every swap of two characters except that of the
    first with the last, which weigh the same.

    Args:
        text: 18 characters, upper case, no blanks; which organisation it names, and whether it
            exists, is not looked at.

    Raises:
        RejectedError: Reason `uscc`: another form, or a check character that does not fit.

    Spec: GB 32100-2015, GB 11714-1997 section 2.1.2.
    """
    fault = _find_fault(text)
    if fault is not None:
        en, zh = fault
        raise RejectedError("uscc", en, zh, "GB 32100-2015")


def _find_fault(text: str) -> tuple[str, str] | None:
    if not _FORM.fullmatch(text):
        return (
            "a unified social credit code is 18 digits or capitals without I, O, S, V and Z, "
            "places 3 to 8 digits",
            "统一社会信用代码为18位数字或大写字母（不含I、O、S、V、Z），其中第3至8位为数字",
        )
    if text[17] != _check_character(text[:17]):
        return (
            "the last character of this unified social credit code does not fit the others",
            "统一社会信用代码的校验码（第18位）有误",
        )
    if text[_ORGANISATION_CHECK] != _organisation_check_character(text[_ORGANISATION]):
        return (
            "place 17 of this unified social credit code does not fit its organisation code",
            "统一社会信用代码中组织机构代码的校验码（第17位）有误",
        )
    return None


def _check_character(body: str) -> str:
    weighted = sum(_ALPHABET.index(char) * w for char, w in zip(body, _WEIGHTS, strict=True))
    return _ALPHABET[-weighted % _MODULUS]


def _organisation_check_character(body: str) -> str:
    weighted = sum(
        _ORGANISATION_ALPHABET.index(char) * w
        for char, w in zip(body, _ORGANISATION_WEIGHTS, strict=True)
    )
    return _ORGANISATION_CHECKS[-weighted % 11]
