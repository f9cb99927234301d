"""Texts: plain strings in API version 2, Atlassian documents (ADF) in version 3."""

from typing import Any

from fmo_bot.sandbox.jira.refusals import Refused

Json = dict[str, Any]


def document(text: str) -> Json:
    """Plain text as a document, one paragraph a line."""
    paragraphs = [
        {"type": "paragraph", "content": [{"type": "text", "text": line}] if line else []} for line in text.split("\n")
    ]
    return {"type": "doc", "version": 1, "content": paragraphs}


def plain(node: Any) -> str:
    """The text of a document."""
    if not isinstance(node, dict):
        return ""
    if node.get("type") == "text":
        return str(node.get("text", ""))
    joint = "\n" if node.get("type") == "doc" else ""
    return joint.join(plain(one) for one in node.get("content") or [])


def accept(value: Any, *, adf: bool, complaint: str) -> str:
    """The text of what a caller sends; 400 with `complaint` where it has the other version's shape."""
    if adf:
        if not isinstance(value, dict) or value.get("type") != "doc":
            raise Refused(400, complaint)
        return plain(value)
    if not isinstance(value, str) or not value.strip():
        raise Refused(400, complaint)
    return value
