"""The names that travel through Slack and come back with a click: action, callback and block ids."""

STANDUP_OPEN = "standup_open"  # value: prompt ref
SPRINT_ASK = "sprint_ask"  # value: team ref
WAITS_ASK = "waits_ask"  # value: team ref
EXPLAIN = "explain"  # value: report ref
SPRINT_SHARE = "sprint_share"  # value: report ref
BLOCKER_RESOLVE = "blocker_resolve"  # value: blocker ref
BLOCKER_ISSUE = "blocker_issue"  # followed by a number; value: of a choice in messages.WhichIssue
DELIVERY_AGAIN = "delivery_again"  # value: ref of a line in messages.Undelivered
DELIVERY_DROP = "delivery_drop"  # the same

ACCOUNT_WORD = "account_word"  # value: ref of a line in messages.AccountLinks
ACCOUNT_CHECK = "account_check"  # the same
ACCOUNT_UNLINK = "account_unlink"  # the same
ACCOUNT_SIGN_IN = "account_sign_in"  # a link; value: the same
ACCOUNT_YES = "account_yes"  # value: ref of messages.LinkRequest
ACCOUNT_NO = "account_no"  # the same
STATUS_STAGE = "status_stage"  # followed by a number; value: ref of messages.NewStatus, a blank, a stage's name
PERSON_PARTICIPANT, PERSON_STAKEHOLDER = "person_participant", "person_stakeholder"  # value: ref of a PersonQuestion
PERSON_YES, PERSON_NO = "person_yes", "person_no"  # the same
PROPOSAL_ACCEPT, PROPOSAL_DECLINE = "proposal_accept", "proposal_decline"  # value: ref of messages.Proposal
PROPOSAL_CHANGE = "proposal_change"  # the same
CHECK_ASK = "check_ask"  # value: team ref
PARTNER_YES = "partner_yes"  # value: ref of messages.StrangerInChannel
ISSUE_ASSIGN, ISSUE_MOVE, ISSUE_COMMENT = "issue_assign", "issue_move", "issue_comment"  # value: ref of a card
ISSUE_FLAG, ISSUE_UNFLAG = "issue_flag", "issue_unflag"  # the same
ISSUE_FROM_MESSAGE = "issue_from_message"  # callback of the message shortcut
ACT_FORM = "act_form"  # callback of the modal; private_metadata: ref of an act
ACT_CHOICE, ACT_SUMMARY, ACT_TEXT = "act_choice", "act_summary", "act_text"  # its blocks; the first is also an action
ACT_FIELD = "act_f_"  # block id prefix of a field that Jira requires; the rest is its id there

SETUP_OPEN, SETUP_DISCARD, SETUP_TAKE = "setup_open", "setup_discard", "setup_take"  # value: ref of a set-up
SETUP_ANSWER = "setup_answer"  # value: ref of messages.BoardAsked
SETUP_BACK = "setup_back"  # in the window of a set-up; value: its step
SETUP_ACT = "setup_act"  # action of a field that changes its window when it is chosen
SETUP_FORM = "setup_form"  # callback of the window; private_metadata: ref, revision and step of a set-up
TRIAL_OPEN = "trial_open"  # value: team ref
STANDUP_FORM = "standup_form"  # callback of the modal; private_metadata: prompt ref
BLOCKED = "blocked"  # block and action of the "blocked?" choice
BLOCKED_ISSUE = "blocked_issue"
BLOCKED_WHAT = "blocked_what"
QUESTION = "q_"  # block id prefix of a text question; the rest is its key
INPUT = "input"  # action id of a text input
NOT_BLOCKED = "no"  # value of the choice that says nothing stops the work
METADATA_EVENT = "fmo"  # event_type of a message's metadata; event_payload: {"key": opaque key}
