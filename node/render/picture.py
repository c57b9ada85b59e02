"""One chain of title, in the form that was asked for."""

from node.render.chain import ChainStep, Form, Source
from node.render.document import render_json
from node.render.words import Words


def render_chain(
    root: ChainStep, form: Form, source: Source, words: Words, width: int | None = None
) -> str:
    """Draw a chain of title; the same chain and words give the same bytes.

    Args:
        root: First step.
        form: `tree`, `json`, `prov`, `dot`, `svg` or `html`.
        source: Where the chain was read.
        words: Of the reader's language.
        width: Columns of the terminal, for the form `tree`; None: nothing is folded.

    Returns:
        The whole document, ended by a newline.

    Raises:
        ExtraMissingError: `prov`, `svg` and `html` need the extra `chain`.
        LimitError: The chain is too deep, too large for a picture, or out of time.
    """
    # The writers of the larger forms are imported only when their form is asked for.
    match form:
        case "tree":
            from node.render.tree import render_tree

            return render_tree(root, words, width)
        case "json":
            return render_json(root)
        case "prov":
            from node.render.provenance import render_prov

            return render_prov(root, source)
        case "dot":
            from node.render.dot import render_dot

            return render_dot(root, source, words)
        case "svg":
            from node.render.svg import render_svg

            return render_svg(root, source, words)
        case "html":
            from node.render.page import render_html

            return render_html(root, source, words)
