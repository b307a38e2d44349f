"""A browser without a window: follows redirects, keeps cookies, and signs in wherever it is asked to.

As a program it is what clients start as the person's browser: `browser.py ADDRESS URL`.
"""

import http.cookiejar
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser

MANY_PAGES = 20


class Form(HTMLParser):
    """The first form of a page: where it goes and what is in it."""

    def __init__(self, page):
        super().__init__()
        self.action, self.fields, self.open = None, {}, False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form" and self.action is None:
            self.action, self.open = attributes["action"], True
        elif tag == "input" and self.open:
            self.fields[attributes["name"]] = attributes.get("value", "")

    def handle_endtag(self, tag):
        self.open = self.open and tag != "form"


class Away(urllib.request.HTTPRedirectHandler):
    """Redirects to what is no web page end the visit, as in a browser's address bar."""

    def redirect_request(self, request, answer, code, message, headers, url):
        if not url.startswith("http"):
            return None
        return super().redirect_request(request, answer, code, message, headers, url)


class Browser:
    def __init__(self, address, cafile=None):
        self.person = {"login": address, "password": "any"}
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        tls = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=cafile))
        self.opener = urllib.request.build_opener(cookies, tls, Away)

    def open(self, url, data=None):
        try:
            return self.opener.open(url, data, timeout=20)
        except urllib.error.HTTPError as error:
            if error.code in (302, 303):
                return error
            raise AssertionError(f"{url}: {error.read().decode()}") from error

    def visit(self, url):
        """Fills in every form until there is none; where it ended."""
        answer = self.open(url)
        for _ in range(MANY_PAGES):
            form = Form(answer.read().decode())
            if form.action is None:
                return answer.headers.get("Location", answer.url)
            data = {**form.fields, **{k: v for k, v in self.person.items() if k in form.fields}}
            answer = self.open(urllib.parse.urljoin(answer.url, form.action), urllib.parse.urlencode(data).encode())
        raise AssertionError(f"{url} asks without end")


if __name__ == "__main__":
    Browser(sys.argv[1]).visit(sys.argv[2])
