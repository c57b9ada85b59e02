"""An HTML page that stands alone: no scripts, nothing from outside, its style pinned by hash.

Source: HTML Living Standard; Content Security Policy Level 3.
"""

from base64 import b64encode
from hashlib import sha256
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

FAMILIES: Final = (
    "system-ui, 'Noto Sans SC', 'Noto Sans CJK SC', 'Source Han Sans SC', 'PingFang SC', "
    "'Microsoft YaHei', 'WenQuanYi Micro Hei', sans-serif"
)


def start_page(language: str, title: str, style: str) -> tuple[Element, Element]:
    """A page with its head, and the main part to fill.

    Args:
        language: BCP 47 tag.
        title: Of the page, harmless.
        style: The whole style sheet; the page's own policy lets in no other.
    """
    html = Element("html", lang=language)
    head = SubElement(html, "head")
    pinned = b64encode(sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{pinned}'; base-uri 'none'; form-action 'none'"
    SubElement(head, "meta", charset="utf-8")
    SubElement(head, "meta", {"http-equiv": "Content-Security-Policy", "content": policy})
    SubElement(head, "meta", name="referrer", content="no-referrer")
    SubElement(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    SubElement(head, "title").text = title
    SubElement(head, "style").text = style
    return html, SubElement(SubElement(html, "body"), "main")


def add_section(main: Element, heading: str, name: str) -> Element:
    """A section under a heading, of this class."""
    section = SubElement(main, "section", {"class": name})
    SubElement(section, "h2").text = heading
    return section


def format_page(html: Element) -> str:
    """The page as text, ended by a newline."""
    return "<!DOCTYPE html>\n" + tostring(html, encoding="unicode", method="html") + "\n"
