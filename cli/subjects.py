"""What people call parties, assets and keys, and which one they mean."""

from pathlib import Path
from typing import Final

from cli.exitcodes import UsageError
from cli.lang import say
from cli.words import show_word
from contracts.party import Party
from contracts.title import Voucher, voucher_key
from ledger.core.rules import Listing
from ledger.core.types import SubjectKey
from ledger.errors import NotFoundError
from ledger.keys import PassphraseRequiredError, SigningKey
from node.hiddennames import find_by_hidden_name
from node.registryapi import RegistryApi

_LISTS: Final = {
    "party": "muniment party list",
    "grant": "muniment grant list",
    "delivery": "muniment trace asset ASSET",
}
"""Where to look for what was not found; for the rest: search."""
_LEAST_BYTES: Final = 4
"""Of what stands for a whole key or name; what is shorter would mean somebody by chance."""


def choose_party(registry: RegistryApi, text: str | None) -> SubjectKey:
    """The party that acts: named, or the only one it can be.

    Raises:
        UsageError: It is not clear which.
        NotFoundError: There is no such party.
    """
    if text is not None:
        return find_party(registry, text)
    if registry.ledger.profile.is_solo:
        return registry.ledger.operator
    raise UsageError(
        say("say which party files: --as PARTY", "请用 --as 指明申请主体"), "party_required"
    )


def find_party(registry: RegistryApi, text: str) -> SubjectKey:
    """A party by key, unique beginning of its key, name or USCC; a person's name by the vault.

    Raises:
        UsageError: More than one fits.
        NotFoundError: None fits.
    """
    return find_subject(registry, "party", text)


def find_subject(registry: RegistryApi, kind: str, text: str) -> SubjectKey:
    """A subject of a type by key, unique beginning, or what people call it.

    Of less than four bytes (four letters, or two Chinese characters) only a whole word counts.

    Raises:
        UsageError: More than one fits.
        NotFoundError: None fits.
    """
    prefix = text if text.startswith(f"{kind}/") else f"{kind}/{text}"
    is_short = len(text.removeprefix(f"{kind}/").encode()) < _LEAST_BYTES
    keys = list(registry.find_subjects(prefix, 3))
    if prefix in keys:
        return SubjectKey(prefix)
    found = [] if is_short else keys
    if not found:
        hits = registry.search(text, kind=kind, limit=3)
        is_exact = any(text in {each.label, *each.terms} for _, each in hits)
        hidden = _find_hidden(registry, text) if kind == "party" and not is_exact else []
        found = hidden or [key for key, each in hits if not is_short or _has_word(each, text)]
    if len(found) == 1:
        return found[0]
    if not found and len(keys) < 2:
        look = _LISTS.get(kind, "muniment search TEXT")
        raise NotFoundError(
            say(
                f"there is no {kind} {text}: look for it with '{look}'",
                f"没有{show_word(kind)} {text}：请用 {look} 查找",
            )
        )
    raise UsageError(
        say(
            f"{text} fits more than one {kind}: {', '.join(found or keys)}; give more of its key",
            f"{text} 对应多个{show_word(kind)}：{'、'.join(found or keys)}；请写出更多标识",
        ),
        "ambiguous",
    )


def _has_word(listing: Listing, text: str) -> bool:
    words = " ".join([listing.label, *listing.terms]).casefold().split()
    return text.casefold() in words


def _find_hidden(registry: RegistryApi, text: str) -> list[SubjectKey]:
    """Natural persons of this very name, if this home's vault is open and has it."""
    try:
        return find_by_hidden_name(registry, text)
    except (NotFoundError, PassphraseRequiredError):  # no vault key here, or no passphrase for it
        return []


def find_asset(registry: RegistryApi, text: str) -> SubjectKey:
    """An asset by key, unique beginning, title, or the number of any voucher it ever had.

    Raises:
        UsageError: More than one fits.
        NotFoundError: None fits.
    """
    voucher = registry.find_state(Voucher, voucher_key(text.removeprefix("voucher/")))
    return find_subject(registry, "asset", text) if voucher is None else voucher.asset


def find_voucher(registry: RegistryApi, text: str) -> str:
    """The number of a voucher, by a unique beginning of it.

    Raises:
        UsageError: More than one fits.
        NotFoundError: None fits.
    """
    bare = text.removeprefix("voucher/")
    is_short = len(bare.encode()) < _LEAST_BYTES
    found = list(registry.find_subjects(f"voucher/{bare}", 2))
    exact = f"voucher/{bare}"
    if exact in found or (len(found) == 1 and not is_short):
        return (exact if exact in found else found[0]).removeprefix("voucher/")
    if len(found) > 1:
        raise UsageError(
            say(
                f"{text} fits more than one voucher: {', '.join(found)}; give more of its number",
                f"{text} 对应多个凭证：{'、'.join(found)}；请写出更多编号",
            ),
            "ambiguous",
        )
    raise NotFoundError(
        say(
            f"there is no voucher {text}: look for it with 'muniment search TEXT'",
            f"没有凭证 {text}：请用 muniment search TEXT 查找",
        )
    )


def has_key(registry: RegistryApi, party: SubjectKey) -> bool:
    """Whether a current private key of a party lies in this home."""
    return bool(_own_keys(registry, party))


def find_officers(registry: RegistryApi, out: Path | None) -> list[SigningKey]:
    """Private keys of officers that lie in this home, no more than a record needs.

    Args:
        registry: The ledger's.
        out: Where a draft for the other officers goes; None: all of them sign here.

    Raises:
        UsageError: Fewer than a record needs and nowhere to put a draft, or none at all.
    """
    ledger = registry.ledger
    count = ledger.profile.officers
    names = _own_keys(registry, ledger.registrar)[:count]
    if names and out is None and len(names) < count:
        raise UsageError(
            say(
                f"{count} key(s) of {ledger.registrar} are needed, {len(names)} found here: give "
                "--out FILE to draft it for the officer whose key is elsewhere",
                f"需要 {ledger.registrar} 的 {count} 个密钥，此处只有 {len(names)} 个："
                "请用 --out 文件 写出草稿，由密钥在别处的经办人签署",
            ),
            "key_required",
        )
    return find_keys(registry, ledger.registrar, max(1, len(names)))


def read_listings(
    registry: RegistryApi, family: str, limit: int
) -> list[tuple[SubjectKey, Listing]]:
    """Keys of the first subjects of a family, such as `party`, with what lists say of each."""
    keys = registry.find_subjects(f"{family}/", limit)
    listed = [(key, registry.read_listing(key)) for key in keys]
    return [(key, each) for key, each in listed if each is not None]


def find_keys(registry: RegistryApi, party: SubjectKey, count: int) -> list[SigningKey]:
    """Private keys of a party that lie in this home.

    Raises:
        UsageError: Fewer than needed.
    """
    names = _own_keys(registry, party)
    if len(names) < count:
        raise UsageError(
            say(
                f"{count} key(s) of {party} are needed here, {len(names)} found: see "
                "'muniment key list'",
                f"需要 {party} 的 {count} 个密钥，此处只有 {len(names)} 个：见 muniment key list",
            ),
            "key_required",
        )
    return [registry.ring.load(name) for name in names[:count]]


def _own_keys(registry: RegistryApi, party: SubjectKey) -> list[str]:
    """Names of the current keys of a party that lie in this home."""
    current = registry.need_state(Party, party).current_keys(registry.clock.now())
    return [entry.name for entry in registry.ring.list_entries() if entry.did in current]
