"""Requests that web pages of other sites let a browser send, without the knowledge of its user.

A browser sends some requests to any server at the wish of any page: GET, and POST of a form. The browser
hides the answers from the page, but the requests have their effect. So the routes with an effect refuse them.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from seldon_runtime.plugin import SeldonError
from seldon_runtime_rest.request import Headers

_OWN_SITES = ("same-origin", "none")
"""The values of Sec-Fetch-Site for pages of this server, and for addresses that the user entered."""


class CrossSiteCheck:
    """Refuses requests from web pages of other origins. Programs send no such headers and pass.

    Args:
        origins: the origins whose pages may call, such as ``https://example.org``; ``*`` stands for any.
    """

    def __init__(self, origins: Sequence[str]) -> None:
        self._origins = frozenset(origins)

    def check(self, headers: Headers) -> None:
        """Raise SeldonError with status 403 for a request of a web page that may not call.

        Sec-Fetch-Site decides (Fetch Metadata, section 2.3). Browsers send it to trustworthy addresses only;
        elsewhere Origin decides, or else Referer.
        """
        origin = headers.get("origin")
        if "*" in self._origins or (origin is not None and origin in self._origins):
            return
        site = headers.get("sec-fetch-site")
        if site is not None:
            if site.lower() not in _OWN_SITES:
                raise _refusal(f"Sec-Fetch-Site is {site!r:.40}")
            return
        host = headers.get("host", "").lower()
        for name in ("origin", "referer"):
            page = headers.get(name)
            if page is not None:
                if _host_of(page) != host:
                    raise _refusal(f"{name.capitalize()} is {page!r:.80}")
                return


def _host_of(address: str) -> str | None:
    try:
        return urlsplit(address).netloc.rpartition("@")[2].lower()
    except ValueError:
        return None


def _refusal(seen: str) -> SeldonError:
    return SeldonError(
        f"a web page of another origin sent this request ({seen}), and it changes the component's state; "
        "allow the origin with --cors-origins (CORS_ORIGINS)",
        status_code=403,
    )
