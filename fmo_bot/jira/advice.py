"""What a person reads when a Jira site does not answer usefully: one sentence each, with what to check.

Only what we wrote ourselves stands in them, and the address somebody gave us; never what the site said.
"""

from dataclasses import dataclass

_ANSWERS = {
    400: "did not understand the question about {what}. The bot's account may lack the permission to see it whole.",
    401: "does not accept the bot's token. It may have expired (tokens live one year at most) or belong to another"
    " e-mail address: make a new one and {TOKEN}.",
    403: "does not allow the bot's account to read {what}. Give it the permission to browse the project and the board.",
    404: "does not show {what} to the bot's account. Check the number or address, and that the account may see it.",
    410: "no longer offers what the bot asks for ({what}). A newer version of the bot is needed.",
    500: "has trouble of its own (answer {status}). The bot tries again by itself.",
}
SHUT = (
    "does not let the bot in at all (answer 403). Check that its account is active there, and that the site's allowlist"
    " of IP addresses names yours."
)
NO_SCOPE = (
    "does not let the bot's token do this ({what}): it lacks a scope. Make a token with the scopes of docs/jira.md, or"
    " consent again, and {TOKEN}."
)
CAPTCHA = "wants the bot's account to solve a captcha. Sign in with it once in a browser."
SILENT = "does not answer. Check that it is up and that {URL} is its address."
NO_PROXY = "cannot be reached, because the proxy does not let the bot through. Check {PROXY}."
UNTRUSTED = (
    "could not prove who it is (its certificate is not trusted). Check {URL}, and {CA} for your company's certificates."
)
NO_JSON = "answers with something that is not Jira's. Check that {URL} is the address of a Jira."
WAIT = "asks for a pause of {minutes} min before anybody reads on. The bot tries again by itself."
UNKNOWN = "did not say whether it has done what was asked ({what}). Look there before you ask again."


@dataclass(frozen=True, kw_only=True)
class Advice:
    """The sentences about one site. `connected`: in the database, not by the settings."""

    key: str
    url: str
    connected: bool

    def sentence(self, advice: str, **values: object) -> str:
        """One of the above about this site; `values` fill what is not known from the site itself."""
        return f"Jira site {self.key} " + advice.format(**self._places(), **values)

    def about(self, status: int, *, what: str) -> str:
        """The sentence for an answer with an error status."""
        advice = _ANSWERS.get(status, _ANSWERS[500] if status >= 500 else _ANSWERS[400])
        return self.sentence(advice, what=what, status=status)

    def _places(self) -> dict[str, str]:
        """Where to set what."""
        if self.connected:
            again = f"`fmo-bot site connect {self.key}`"
            return {
                "TOKEN": f"run {again}",
                "URL": self.url,
                "PROXY": f"--proxy of {again}",
                "CA": f"--ca-bundle of {again}",
            }
        prefix = f"FMO_JIRA_{self.key.upper()}"
        return {
            "TOKEN": f"set {prefix}_TOKEN",
            "URL": f"{prefix}_URL",
            "PROXY": f"HTTPS_PROXY or {prefix}_PROXY",
            "CA": f"FMO_CA_BUNDLE or {prefix}_CA_BUNDLE",
        }
