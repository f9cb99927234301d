"""What is wrong with a Slack app as far as Slack tells: its tokens and their scopes, each fault in one sentence."""

from collections.abc import Collection, Iterator, Sequence
from http.client import HTTPException

from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from fmo_bot.network import Network
from fmo_bot.slack.installs import client
from fmo_bot.slack.outcomes import code_of


def faults(
    key: str,
    *,
    bot_tokens: Sequence[str],
    app_token: str | None,
    scopes: Collection[str],
    api_url: str,
    network: Network,
) -> Iterator[str]:
    """Look at one app; `scopes`: those its tokens need. Raises nothing: what fails is a sentence too."""
    name = f"FMO_SLACK_{key.upper()}"
    for token in bot_tokens:
        try:
            answer = client(api_url, token, network=network).auth_test()
        except (SlackClientError, OSError, HTTPException) as error:
            yield _failed(f"{name}_BOT_TOKENS", error, api_url)
        else:
            yield from _scopes(key, answer, scopes)
    if app_token is not None:
        try:
            client(api_url, network=network).apps_connections_open(app_token=app_token)
        except (SlackClientError, OSError, HTTPException) as error:
            yield _failed(f"{name}_APP_TOKEN", error, api_url)


def installed(
    key: str, workspace: str, token: str, *, scopes: Collection[str], page: str, api_url: str, network: Network
) -> Iterator[str]:
    """Look at one installation that people made at `page`. Raises nothing."""
    try:
        answer = client(api_url, token, network=network).auth_test()
    except SlackApiError as error:
        why = code_of(error) or "no reason given"
        refused = f"Slack refuses the token of app {key} in workspace {workspace} ({why})"
        yield f"{refused}: install it there again at {page}."
    except (SlackClientError, OSError, HTTPException) as error:
        yield _failed(f"Slack app {key}", error, api_url)
    else:
        yield from _scopes(key, answer, scopes)


def _scopes(key: str, answer: SlackResponse, wanted: Collection[str]) -> Iterator[str]:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    if "x-oauth-scopes" not in headers:  # nobody says
        return
    granted = {scope.strip() for scope in str(headers["x-oauth-scopes"]).split(",")}
    if missing := sorted(set(wanted) - granted):
        yield (
            f"Slack app {key} lacks {', '.join(missing)} in workspace {answer['team']}: bring the app to the newest"
            f" manifest (`fmo-bot manifest --app {key}`) and install it there again."
        )


def _failed(setting: str, error: Exception, api_url: str) -> str:
    if isinstance(error, SlackApiError):
        why = code_of(error) or "no reason given"
        return f"{setting}: Slack refuses a token ({why}); copy it anew from the app's page."
    kind = type(error).__name__
    return f"{setting}: Slack does not answer at {api_url} ({kind}); check HTTPS_PROXY, NO_PROXY and FMO_CA_BUNDLE."
