"""What a finding's numbers do not say: cautions that stand beside every name.

Spec: tracing, sections 3 and 4; docs/tracing-method.md, sections 8 and 9.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from node.tracing.bounds import WEAK_BOUND, show_chance

if TYPE_CHECKING:
    from node.render.tracewords import Teller


def list_cautions(teller: "Teller") -> Iterator[str]:
    """What the numbers of a finding mean, and what they do not.

    Args:
        teller: Says the finding in one language.
    """
    told = teller.finding.attribution
    bound, each = teller.chance(told.bound), show_chance(told.threshold)
    yield teller.say(
        "p is the chance that an innocent delivery, one that the file did not come from, "
        "scores so high. It is NOT the chance that anybody is innocent.",
        "p 是无关的交付（即文件并非来自该次交付）得到如此高分的概率，并非任何人无辜的概率。",
    )
    yield teller.say(
        f"Over all {told.scored} deliveries scored together, an innocent one is named with a "
        f"chance of at most {bound}; so each is named only at p of {each} or below.",
        f"就全部 {told.scored} 次参与评分的交付而言，误指无关交付的概率至多为 {bound}；"
        f"故仅当 p 不超过 {each} 时方予指明。",
    )
    if told.bound > WEAK_BOUND:
        yield teller.say(
            f"This bound was asked for and is weak: a chance of up to {bound} of naming an "
            "innocent delivery is no ground to accuse anybody.",
            f"此上限系追踪时所要求，过于宽松：误指无关交付的概率可达 {bound}，"
            "不足以据此指控任何人。",
        )
    yield teller.say(
        "A delivery is named, never a person: the file came from that copy. Who let it out, "
        "the recipient, somebody who got at it there, or somebody who had the same copy, is "
        "not shown.",
        "所指明的是某次交付，而非某人：文件来自该副本。系由接收方、在其处取得者，还是另有该副本"
        "者流出，无从证明。",
    )
    yield from _list_framings(teller)
    if told.cleared:
        yield teller.say(
            "Cleared means that an onward delivery explains the marks, not that whoever handed "
            "the data on had no part in it: he chose the recipient and may stand behind him, and "
            "unless a third party made the marks he can make the copy that is named again.",
            "“已排除”仅指其下的再交付足以解释标记，并不证明再交付者与此无关：接收方由其选定，"
            "可能受其控制；标记非由第三方制作的，其可再次制成所指明的副本。",
        )


def _list_framings(teller: "Teller") -> Iterator[str]:
    """Who could have made the named copies, beside whoever received them."""
    for named in teller.finding.named:
        one = teller.finding.find(named.delivery)
        if one.marked_by is None:
            yield teller.say(
                f"The marks of {one.delivery} were made by its sender, who may have kept the "
                "copy and could have leaked it himself. The marking key was committed to at "
                f"#{one.index}, before the act, so it was not chosen afterwards.",
                f"{one.delivery} 的标记由交付方自行制作，交付方可能留有该副本，亦可能自行泄露。"
                f"标记密钥已于 #{one.index}（行为之前）作出承诺，并非事后选定。",
            )
        else:
            yield teller.say(
                f"The marks of {one.delivery} were made by a third party, "
                f"{teller.party(one.marked_by)}, which signed the delivery at #{one.index}, "
                "before the act.",
                f"{one.delivery} 的标记由第三方 {teller.party(one.marked_by)} 制作，"
                f"其已于 #{one.index}（行为之前）签署该次交付。",
            )
