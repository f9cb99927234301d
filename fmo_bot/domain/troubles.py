"""What could not be delivered, in words: what it is, and why. Never what it says."""

# Class of a message value -> msgid of what it is.
WHAT = {
    "Notice": "a notice",
    "Prompt": "a stand-up prompt",
    "RoundPost": "the post of a stand-up",
    "AnswerPost": "an answer in a stand-up's thread",
    "ReplyTaken": "what a reply was taken for",
    "RoundSummary": "the summary of a stand-up",
    "SprintReport": "a sprint report",
    "SprintDetail": "a sprint report in detail",
    "BurnUpChart": "a burn-up chart",
    "CycleTimeChart": "a chart of cycle times",
    "ThroughputChart": "a chart of what was finished",
    "AgeingChart": "a chart of ageing work",
    "WaitingChart": "a chart of time lost to waiting",
    "ForecastChart": "a forecast",
    "Digest": "a digest",
    "DigestDetail": "a digest in detail",
    "WaitsReport": "a summary of who waits on whom",
    "WhichIssue": "a question which issue is meant",
    "Help": "an answer to a command",
    "IssueCard": "an issue",
    "BoardNews": "what changed on a board",
    "Home": "App Home",
    "Undelivered": "a list of what was not delivered",
    "AccountLinks": "a list of Jira accounts",
    "LinkWord": "a word to prove a Jira account with",
    "LinkRequest": "a question whose a Jira account is",
    "NewStatus": "a question what a new status means",
    "Proposal": "a proposal of another company",
    "SelfCheck": "a self-check of the joint team",
    "SetUpCard": "a set-up under way",
    "BoardAsked": "a question which board a joint team uses",
    "TrialPrompt": "a prompt to try",
    "PersonQuestion": "a question about a person",
    "StrangerInChannel": "a question whether a company is a partner",
}
REMOVAL = "taking back what was said in an internal channel"
REMINDER = "a stand-up reminder"

# Kind of an occurrence -> msgid of what it would have become.
PLANNED = {"prompt": WHAT["Prompt"], "reminder": REMINDER, "close": WHAT["RoundSummary"], "digest": WHAT["Digest"]}

# Why, each with the next step. Slack's error codes: https://docs.slack.dev/reference/methods/chat.postMessage
NOT_IN_TIME = "FMO bot could not run in time. If it matters, ask in the channel."
WENT_WRONG = "FMO bot failed at making it. Whoever runs FMO bot finds the reason in its log."
TOO_LATE = "It would have come too late. Send it now if it is still of use."
MAYBE_SENT = "It may have been sent. Look in the conversation: send it again only if it is not there, else drop it."
KEPT = (
    "The app is not in that workspace any more. It goes out by itself when the app is back, if it is still of use then."
)
NOT_REACHED = "Slack could not be reached in many attempts. Send it again when Slack works."
REFUSED = "Slack refuses it ({code}). Whoever runs FMO bot can look that up; then send it again."
_CODES = {
    "not_in_channel": "The app is not in the channel. Invite it there, then send it again.",
    "channel_not_found": "The app does not see the conversation any more. "
    "If it is a channel, invite the app there; then send it again.",
    "is_archived": "The channel is archived. Unarchive it, or name another one in the team file.",
    "restricted_action": "The channel lets only some post. Let the app post there, then send it again.",
    "message_not_found": "Somebody deleted the message that was to be changed. Drop it.",
    "cant_update_message": "The message that was to be changed is not the app's any more. Drop it.",
    "user_not_found": "That person is not in the workspace any more. Take them out of the team file, then drop it.",
    "user_disabled": "That person's account is deactivated. Take them out of the team file, then drop it.",
    "cannot_dm_bot": "That person takes no direct messages. Drop it.",
    "account_inactive": "The app was removed from the workspace. Install it again, then send it again.",
    "token_revoked": "The app was removed from the workspace. Install it again, then send it again.",
    "invalid_auth": "Slack does not accept the app's token. Whoever runs FMO bot has to renew it.",
    "missing_scope": "The app may not do this. Update it from its manifest, then send it again.",
}

# Kind of a job that somebody asked for -> what they read when it failed for good; `id` is in the log.
NOT_DONE = (
    "What you asked FMO bot for ({asked}) failed again and again. Please ask once more. "
    "If that fails too, whoever runs FMO bot finds the reason in its log as {id}."
)
_NOT_DONE = {
    "sprint_report": "The sprint report you asked for ({asked}) could not be made. Try `/fmo sprint` once more. "
    "If that fails too, whoever runs FMO bot finds the reason in its log as {id}.",
    "jira_act": "Jira did not say whether what you asked for ({asked}) was done. Look there before you ask again. "
    "Whoever runs FMO bot finds the reason in its log as {id}.",
    "set_up_look": "FMO bot could not look at who is in the channel ({asked}). Try `/fmo setup` there once more. "
    "If that fails too, whoever runs FMO bot finds the reason in its log as {id}.",
    "set_up_post": "The joint team you set up ({asked}) could not be posted; nothing was changed. Try it once more. "
    "If that fails too, whoever runs FMO bot finds the reason in its log as {id}.",
    "words": "FMO bot could not answer what you wrote to it ({asked}). Write it once more, or try `/fmo help`. "
    "If that fails too, whoever runs FMO bot finds the reason in its log as {id}.",
    "home_opened": "App Home could not be made for you ({asked}). Leave it and open it once more. "
    "If that fails too, whoever runs FMO bot finds the reason in its log as {id}.",
}

# Kind of a job that nobody asked for -> msgid of what it is; and why it is listed.
_JOBS = {"jira_hint": "Reading what changed in Jira"}
GIVEN_UP = (
    "It failed again and again. Try it again when Jira and Slack work, or drop it. "
    "Whoever runs FMO bot finds the reason in its log as {code}."
)


def not_done(kind: str) -> str:
    """The msgid of what whoever asked for such a job reads when it failed for good, with {asked} and {id}."""
    return _NOT_DONE.get(kind, NOT_DONE)


def job(kind: str) -> str:
    """The msgid of what a job of this kind does."""
    return _JOBS.get(kind, "Work after something that came in")


def what(value: dict[str, object]) -> str:
    """The msgid of what a stored message value is."""
    kind = str(value.get("message", ""))
    if kind == "Removal":
        return REMOVAL
    return REMINDER if kind == "Prompt" and value.get("reminder") else WHAT.get(kind, "a message")


def why(state: str, error: str | None) -> tuple[str, str]:
    """(msgid, code) of why a delivery in this state was not made; `error` is what the ledger noted."""
    noted = error or ""
    if state == "missed":
        return TOO_LATE, ""
    if state == "kept":
        return KEPT, ""
    if state == "unsure" or noted.startswith("may have been sent"):
        return MAYBE_SENT, ""
    if noted.startswith("tried too often"):
        return NOT_REACHED, ""
    if noted == "its process was lost every time":
        return WENT_WRONG, ""
    return _CODES.get(noted, REFUSED), noted
