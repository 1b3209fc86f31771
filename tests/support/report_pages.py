"""A page, read as a browser and as a person would."""

import base64
import gzip
import re
from html.parser import HTMLParser

PACKED = r'<script type="application/octet-stream" id="packed-{}">([^<]*)</script>'


def unpack(page, name):
    (packed,) = re.findall(PACKED.format(name), page)
    return gzip.decompress(base64.b64decode(packed)).decode()


def readable(page):
    """The page without its packed parts."""
    return re.sub(PACKED.format("[a-z]+"), "", page)


def tags(page):
    """Every element of the page with the names of its attributes, as a browser would find them."""
    found = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            found.append((tag, sorted(name for name, _ in attrs)))

    Reader().feed(page)
    return found
