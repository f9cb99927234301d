"""How a site knows the bot: a header that stays, or one that somebody renews."""

import base64
from dataclasses import dataclass, field
from typing import Protocol

import requests
from requests.auth import AuthBase


class Authorization(Protocol):
    """What proves the bot to a site. Both methods raise SiteUnavailable where nothing does any more."""

    def header(self) -> str:
        """The value of the Authorization header, fresh enough for a call."""
        ...

    def refused(self, header: str) -> bool:
        """The site refused this one; whether another is worth a try."""
        ...


@dataclass(frozen=True)
class Header:
    """A token that is what it is until somebody sets another one."""

    value: str = field(repr=False)

    @classmethod
    def of(cls, token: str, email: str | None) -> "Header":
        """Cloud's basic authentication with an e-mail, a bearer token without one."""
        if email is None:
            return cls(f"Bearer {token}")
        return cls("Basic " + base64.b64encode(f"{email}:{token}".encode()).decode())

    def header(self) -> str:
        """The same every time."""
        return self.value

    def refused(self, header: str) -> bool:
        """There is no other."""
        return False


class Signed(AuthBase):
    """Puts the header on every request of a session; asked for each, since it may have been renewed."""

    def __init__(self, authorization: Authorization) -> None:
        """`authorization` is shared by all sessions of a site."""
        self._authorization = authorization

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign one request."""
        request.headers["Authorization"] = self._authorization.header()
        return request
