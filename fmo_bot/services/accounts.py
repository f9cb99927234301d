"""Who is who, as a person sees and settles it: `/fmo link jira` shows, proves, asks an admin, and unlinks.

Nothing here gives a right: it only says whose an account is. What needs Slack or Jira to answer is a job; a person's
click never waits for it.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from fmo_bot.db.accounts import JiraAccountRow, LinkCodeRow, LinkRequestRow
from fmo_bot.db.acting import JiraGrantRow, SignInRow
from fmo_bot.db.boards import BoardIssueRow, BoardRow, IssueRow, JiraSiteRow
from fmo_bot.db.secrets import Sealed
from fmo_bot.db.store import Store
from fmo_bot.delivery import audience, inbox, outbox
from fmo_bot.domain.accounts import CHECKS, CODE_FOR, Account, How, new_word, words_in
from fmo_bot.domain.messages import AccountLine, AccountLinks, LinkRequest, LinkWord, Notice
from fmo_bot.domain.ownership import KEY
from fmo_bot.domain.parties import SYSTEM, Person
from fmo_bot.errors import (
    AccountUnknown,
    NoAdmin,
    NoIssueToWriteOn,
    NotFound,
    NotLinked,
    NotThatWord,
    NotWritten,
    WordSpent,
    WrittenByTwo,
)
from fmo_bot.ports import AccountSource, Consent
from fmo_bot.services import account_rows
from fmo_bot.services.account_matching import Matching
from fmo_bot.services.issues_named import name_of

LOOK, CHECK, ASK = "account_look", "account_check", "account_ask"  # kinds of jobs
LINKED = "On Jira site {site} the account {shown} is yours now. What you wrote there for that may be deleted."
LOOKING = "FMO bot looks at the comments in Jira. The answer comes as a direct message."
ASKING = "FMO bot looks that account up and asks an admin of {owner}. The answer comes as a direct message."
CONFIRMED = "An admin of {owner} confirmed it: on Jira site {site} the account {shown} is yours now."
REFUSED = "An admin of {owner} did not confirm that the account {shown} on Jira site {site} is yours."
_LOOKED_THROUGH = 500  # issues
SIGNED_IN = "On Jira site {site} the account {shown} is yours now, and what you do from here you do there as yourself."
PROVED = "On Jira site {site} the account {shown} is yours now."
DECIDED = "It is noted. {name} reads it as well."


class NoConsent:
    """Where no site has an OAuth client."""

    def address(self, member_id: int, site: str) -> str | None:
        """Nowhere."""
        return None


class Accounts:
    """The links between Slack members and Jira accounts."""

    def __init__(
        self,
        store: Store,
        matching: Matching,
        sources: Mapping[str, AccountSource],
        consent: Consent | None = None,
        *,
        choose: Callable[[str], str] = secrets.choice,
    ) -> None:
        """`choose` picks a letter of a word; `consent` leads to Atlassian where a site has an OAuth client."""
        self._store, self._matching, self._sources = store, matching, sources
        self._consent: Consent = consent or NoConsent()
        self._choose = choose

    # --- what a person asks ------------------------------------------------------------------------------------------

    def shown(self, person: Person, *, key: str, at: datetime) -> AccountLinks:
        """The person's accounts on their sites; those not known are looked for by e-mail, once for this `key`.

        Raises NotAMember, or NotLinked where none of their joint teams has a board.
        """
        with self._store.transaction(SYSTEM) as session:
            links = account_rows.links(session, account_rows.member_of(session, person))
            if not links:
                raise NotLinked
            unknown = [link.id for link in links if link.account is None and not link.declined]
            if unknown:
                self._job(session, LOOK, person, {"links": unknown}, key=key, at=at)
            offered = [
                (link.member_id, self._line(session, link), account_rows.could_sign_in(session, link)) for link in links
            ]
        # A way to Atlassian is a row of its own: not inside this transaction.
        return AccountLinks(lines=tuple(self._offered(*each) for each in offered))

    def begin(self, person: Person, ref: str, at: datetime) -> LinkWord:
        """A word for the person to write on an issue, for a quarter of an hour; the one before counts no more.

        Raises NotFound, NoIssueToWriteOn.
        """
        with self._store.transaction(SYSTEM) as session:
            link = account_rows.mine(session, person, ref, lock=True)
            issue = _issue_for(session, link)
            if issue is None or link.site.key not in self._sources:
                raise NoIssueToWriteOn(site=link.site.key)
            account_rows.forget_ways(session, link)
            word, until = new_word(self._choose), at + CODE_FOR
            code = LinkCodeRow(link_id=link.id, digest=_digest(word), jira_issue_id=issue.jira_issue_id, until=until)
            session.add(code)
            account_rows.note(session, link, "account_word_given", at)
            return LinkWord(ref=ref, site=link.site.key, issue=name_of(issue, link.site.key), word=word, until=until)

    def check(self, person: Person, ref: str, *, key: str, at: datetime) -> Notice:
        """The person says that they wrote it: a job looks. Raises NotFound, WordSpent."""
        with self._store.transaction(SYSTEM) as session:
            link = account_rows.mine(session, person, ref)
            _standing(session, link, at)
            self._job(session, CHECK, person, {"link": link.id}, key=key, at=at)
        return Notice(text=LOOKING, values={})

    def unlink(self, person: Person, ref: str, at: datetime) -> AccountLinks:
        """Forget whose it is; no e-mail links it again. Raises NotFound."""
        with self._store.transaction(SYSTEM) as session:
            link = account_rows.mine(session, person, ref, lock=True)
            link.declined = True
            account_rows.forget_ways(session, link)
            if link.account is not None:
                account_rows.release(session, link, at, why="by_the_member")
            lines = [self._line(session, each) for each in account_rows.links(session, link.member)]
            return AccountLinks(lines=tuple(lines))

    def ask_admin(self, person: Person, site: str, typed: str, *, key: str, at: datetime) -> Notice:
        """The person says which account is theirs, for an admin of the site's owner to confirm. A job looks it up.

        `typed`: its account id (Cloud), login name (Data Center) or e-mail. Raises NotFound, NoAdmin.
        """
        with self._store.transaction(SYSTEM) as session:
            links = account_rows.links(session, account_rows.member_of(session, person))
            link = next((each for each in links if each.site.key == site), None)
            if link is None:
                raise NotFound
            if not account_rows.admins(session, link.site) or site not in self._sources:
                raise NoAdmin(site=site)
            self._job(session, ASK, person, {"link": link.id, "typed": typed[:255]}, key=key, at=at)
            return Notice(text=ASKING, values={"owner": _owner(session, link)})

    def decide(self, admin: Person, ref: str, *, yes: bool, at: datetime) -> Notice:
        """An admin of the site's owner answers. Raises NotFound (also for whoever is none), AccountTaken."""
        with self._store.transaction(SYSTEM) as session:
            request = session.scalar(select(LinkRequestRow).where(LinkRequestRow.ref == ref).with_for_update())
            link = session.get(JiraAccountRow, request.link_id, with_for_update=True) if request is not None else None
            member = account_rows.member_of(session, admin)
            if request is None or link is None or member not in account_rows.admins(session, link.site):
                raise NotFound
            account = Account(id=request.account, name=request.name, shown=request.shown)
            if yes:
                account_rows.bind(session, link, account, How.ADMIN, at, by=member.id)
            else:
                account_rows.forget_ways(session, link)
                account_rows.note(session, link, "account_refused", at, by=member.id)
            values = {"owner": _owner(session, link), "site": link.site.key, "shown": account.shown}
            _tell(session, link, f"decided:{ref}", Notice(text=CONFIRMED if yes else REFUSED, values=values), at)
            return Notice(text=DECIDED, values={"name": link.member.name})

    def signed_in(
        self, member_id: int, site: str, account: Account, credentials: Sealed | None, api_url: str, at: datetime
    ) -> str:
        """Somebody signed in to Atlassian by this member's address. The word that the member has to say then.

        It is shown in that browser alone: whoever was lured into signing in would have to tell it to the member.
        `credentials`: with which the bot acts as them; None where nobody acts on the site. Raises NotFound.
        """
        with self._store.transaction(SYSTEM) as session:
            query = select(JiraAccountRow).join(JiraSiteRow, JiraSiteRow.id == JiraAccountRow.site_id)
            mine = JiraAccountRow.member_id == member_id, JiraSiteRow.key == site
            link = session.scalar(query.where(*mine).with_for_update(of=JiraAccountRow))
            if link is None:
                raise NotFound
            account_rows.forget_ways(session, link)
            word = new_word(self._choose)
            session.add(
                SignInRow(
                    link_id=link.id,
                    digest=_digest(word),
                    account=account.id,
                    shown=account.shown,
                    credentials=credentials,
                    api_url=api_url,
                    until=at + CODE_FOR,
                )
            )
            account_rows.note(session, link, "account_signed_in", at)
            return word

    def confirm(self, person: Person, word: str, at: datetime) -> Notice:
        """The member says the word: the account is theirs, and they act as it. Raises NotThatWord, AccountTaken."""
        with self._store.transaction(SYSTEM) as session:
            row = self._meant(session, person, word, at)
            if row is not None:
                link = session.get_one(JiraAccountRow, row.link_id, with_for_update=True)
                sealed, api_url = row.credentials, row.api_url
                account_rows.bind(session, link, Account(id=row.account, shown=row.shown), How.OAUTH, at)
                if sealed is not None:
                    session.add(JiraGrantRow(link_id=link.id, credentials=sealed, api_url=api_url, granted_at=at))
                values = {"site": link.site.key, "shown": link.shown}
                return Notice(text=PROVED if sealed is None else SIGNED_IN, values=values)
        raise NotThatWord

    def _meant(self, session: Session, person: Person, word: str, at: datetime) -> SignInRow | None:
        """The sign-in whose word this is; a wrong one counts, and too many make all of them worthless."""
        member = account_rows.member_of(session, person)
        query = select(SignInRow).join(JiraAccountRow, JiraAccountRow.id == SignInRow.link_id)
        standing = SignInRow.until > at, SignInRow.checks < CHECKS, JiraAccountRow.member_id == member.id
        rows = session.scalars(query.where(*standing).with_for_update(of=SignInRow)).all()
        given = _digest(word.strip().lower())
        found = [row for row in rows if hmac.compare_digest(row.digest, given)]
        for row in rows:
            row.checks += 1
        return found[0] if found else None

    # --- jobs --------------------------------------------------------------------------------------------------------

    def look(self, payload: Mapping[str, Any], at: datetime) -> None:
        """Look for a person by e-mail, and tell them what was found. Raises what `Matching.look` raises."""
        for link_id in payload["links"]:
            if self._matching.look(link_id, at):
                self._tell_linked(link_id, at)

    def read_comments(self, payload: Mapping[str, Any], at: datetime) -> None:
        """Look for the word in the newest comments: whoever wrote it, alone and unchanged, is the person.

        Raises NotWritten, WrittenByTwo, WordSpent, AccountTaken, which the person reads; BoardUnavailable.
        """
        with self._store.transaction(SYSTEM) as session:
            link = session.get(JiraAccountRow, payload["link"])
            if link is None or link.how == How.CODE:  # the job is repeated: it was found before
                return
            code = _standing(session, link, at)
            code.checks += 1
            site, issue, digest = link.site.key, code.jira_issue_id, code.digest
        authors = {
            remark.author.id: remark.author
            for remark in self._sources[site].remarks(issue)
            if remark.is_untouched and remark.author.is_person and _holds(remark.text, digest)
        }
        if len(authors) != 1:
            raise (WrittenByTwo if authors else NotWritten)(site=site)
        (author,) = authors.values()
        with self._store.transaction(SYSTEM) as session:
            link = session.get(JiraAccountRow, payload["link"], with_for_update=True)
            if link is None or _standing(session, link, at).digest != digest:
                return
            account_rows.bind(session, link, author, How.CODE, at)
        self._tell_linked(payload["link"], at)

    def put_to_admins(self, payload: Mapping[str, Any], at: datetime) -> None:
        """Look the account up and ask the admins. Raises AccountUnknown, which the person reads; BoardUnavailable."""
        with self._store.reading(SYSTEM) as session:
            link = session.get(JiraAccountRow, payload["link"])
            site = link.site.key if link is not None else ""
        source, typed = self._sources.get(site), str(payload["typed"])
        if source is None:
            return
        account = source.by_email(typed) if "@" in typed else source.by_id(typed)
        if account is None or not (account.is_active and account.is_person):
            raise AccountUnknown(site=site)
        with self._store.transaction(SYSTEM) as session:
            link = session.get(JiraAccountRow, payload["link"], with_for_update=True)
            if link is not None:
                self._request(session, link, account, at)

    def _request(self, session: Session, link: JiraAccountRow, account: Account, at: datetime) -> None:
        account_rows.forget_ways(session, link)
        ref, shown = secrets.token_urlsafe(12), account.shown
        told = {"account": account.id, "name": account.name, "shown": shown}
        session.add(LinkRequestRow(link_id=link.id, ref=ref, asked_at=at, **told))
        account_rows.note(session, link, "account_asked", at)
        company = link.member.organisation.name
        message = LinkRequest(ref=ref, name=link.member.name, company=company, site=link.site.key, account=shown)
        for admin in account_rows.admins(session, link.site):
            name = f"link_request:{ref}:{admin.id}"
            outbox.owe(session, name=name, message=message, due=at, language=admin.language, person=admin.person)

    def _tell_linked(self, link_id: int, at: datetime) -> None:
        with self._store.transaction(SYSTEM) as session:
            link = session.get_one(JiraAccountRow, link_id)
            if link.linked_at is not None:
                notice = Notice(text=LINKED, values={"site": link.site.key, "shown": link.shown})
                _tell(session, link, f"linked:{link.linked_at.timestamp()}", notice, at)

    def _line(self, session: Session, link: JiraAccountRow) -> AccountLine:
        linked = link.account is not None
        return AccountLine(
            ref=link.ref,
            site=link.site.key,
            shown=link.shown,
            how=link.how or "",
            since=link.linked_at,
            by_word=not linked and link.site.key in self._sources,
            by_admin=not linked and bool(account_rows.admins(session, link.site)),
        )

    def _offered(self, member_id: int, line: AccountLine, could: bool) -> AccountLine:
        return replace(line, sign_in=self._consent.address(member_id, line.site)) if could else line

    def _job(
        self, session: Session, kind: str, person: Person, payload: Mapping[str, Any], *, key: str, at: datetime
    ) -> None:
        inbox.record(session, event_key=f"{kind}:{key}", kind=kind, payload=payload, at=at, asker=person)


def _standing(session: Session, link: JiraAccountRow, at: datetime) -> LinkCodeRow:
    """The word that counts now. Raises WordSpent: none was given, its time is over, or it was looked for too often."""
    code = session.get(LinkCodeRow, link.id, with_for_update=True)
    if code is None or code.until <= at or code.checks >= CHECKS:
        raise WordSpent(site=link.site.key)
    return code


def _issue_for(session: Session, link: JiraAccountRow) -> IssueRow | None:
    """The issue that changed last of those on boards of theirs which they may know of."""
    query = (
        select(IssueRow)
        .join(BoardIssueRow, BoardIssueRow.issue_id == IssueRow.id)
        .join(BoardRow, BoardRow.id == BoardIssueRow.board_id)
        .where(BoardRow.site_id == link.site_id, BoardRow.team_id.in_(account_rows.teams_with(session, link)))
        .order_by(IssueRow.updated.desc(), IssueRow.id)
        .limit(_LOOKED_THROUGH)
    )
    standpoint = audience.of_person(session, link.member.person)
    known = (row for row in session.scalars(query) if standpoint.may_know(name_of(row, link.site.key), KEY))
    return next(known, None)


def _holds(text: str, digest: str) -> bool:
    found = [hmac.compare_digest(_digest(word), digest) for word in words_in(text)]
    return any(found)


def _digest(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()


def _owner(session: Session, link: JiraAccountRow) -> str:
    admins = account_rows.admins(session, link.site)
    return admins[0].organisation.name if admins else ""


def _tell(session: Session, link: JiraAccountRow, name: str, notice: Notice, at: datetime) -> None:
    member = link.member
    told = f"account:{link.id}:{name}"
    outbox.owe(session, name=told, message=notice, due=at, language=member.language, person=member.person)
