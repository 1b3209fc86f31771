"""Headlines as they arrive, with the web page still on them, to plain text."""

import html
import re

_TAG_NAMES = "a|b|br|div|em|h[1-6]|i|img|li|ol|p|span|strong|u|ul"
_OPENED_BEFORE = re.compile(rf"^/?(?:{_TAG_NAMES})(?:\s+[\w-]+=\"[^\"]*\")*\s*/?>", re.IGNORECASE)
_OPENED_WITH_ATTRIBUTE = re.compile(rf"^(?:{_TAG_NAMES})\s+[\w-]+=\"", re.IGNORECASE)
_CLOSED_AFTER = re.compile(rf"</?(?:{_TAG_NAMES})\s*$", re.IGNORECASE)
_LINK = re.compile(r"<a\b[^<>]*>(.*?)(?:</a\s*>|$)", re.IGNORECASE | re.DOTALL)
_UNSEEN = re.compile(r"<!--.*?-->|<(script|style)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_INLINE_TAG = re.compile(r"</?(?:b|em|i|strong|u)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_REPOST = re.compile(r"^(?:\s*RT\s*:?\s*)(?=$|\s)")
_SPACE = re.compile(r"[\s\x00-\x1f\x7f\u200b\ufeff]+")


def clean_headline(raw: str) -> str:
    """Return `raw` without tags, entities, addresses and runs of space; empty if no letter or digit is left.

    Vendors that cut the first and last angle bracket off a page leave ``a href="...">...</a``: the brackets
    are put back before the tags are taken out. A link whose words are an address goes with its words.
    """
    text = raw.strip()
    if "<" in text or ">" in text:
        text = _plain(text)
    if "&" in text:
        text = html.unescape(text)
    if "://" in text or "www." in text:
        text = _REPOST.sub("", _ADDRESS.sub(" ", text))
    text = _SPACE.sub(" ", text).strip()
    return text if any(letter.isalnum() for letter in text) else ""


def _plain(text: str) -> str:
    if _OPENED_BEFORE.match(text) or _OPENED_WITH_ATTRIBUTE.match(text):
        text = f"<{text}"
    if _CLOSED_AFTER.search(text):
        text = f"{text}>"
    text = _LINK.sub(_link_words, _UNSEEN.sub(" ", text))
    return _TAG.sub(" ", _INLINE_TAG.sub("", text))


def _link_words(link: re.Match[str]) -> str:
    words = _TAG.sub("", link.group(1)).strip()
    return " " if _ADDRESS.match(words) else f" {words} "
