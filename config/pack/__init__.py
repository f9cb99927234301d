"""The pack for a company's security department: its words, and the page they are printed on."""

from html import escape
from importlib.resources import files

from markdown_it import MarkdownIt


def page(title: str, markdown: str) -> str:
    """One HTML file with nothing outside itself: no script, no picture, no address that is fetched.

    HTML in `markdown` is shown as it is written, not taken as HTML.
    """
    style = files(__package__).joinpath("page.css").read_text("utf-8")
    body = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image").render(markdown)
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n<main>\n{body}</main>\n</html>\n"
    )
