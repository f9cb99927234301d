"""Where the parts meet: Settings in, Bot out, a context manager."""

import os
import secrets
import socket
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Any, Self

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from config.questions import template
from config.settings import Settings
from fmo_bot.bootstrap import installing
from fmo_bot.bootstrap.clocks import Quiet, SandboxClock
from fmo_bot.bootstrap.connecting import PURPOSE, Connecting
from fmo_bot.bootstrap.installing import Installing
from fmo_bot.bootstrap.jira_hands import JiraHands
from fmo_bot.bootstrap.jira_sites import JiraSites
from fmo_bot.bootstrap.opening import clock_of, engine_of, open_store
from fmo_bot.bootstrap.own_clients import OwnClients
from fmo_bot.bootstrap.signing_in import PURPOSE as BY_THEMSELVES
from fmo_bot.bootstrap.signing_in import SigningIn
from fmo_bot.charts import Charts
from fmo_bot.db.parties import language_of
from fmo_bot.db.secrets import Vault
from fmo_bot.delivery import audience, directs, inbox, occurrences, outbox, quiet, retention
from fmo_bot.delivery.lanes import Paces
from fmo_bot.delivery.pump import Pump
from fmo_bot.delivery.work import Work
from fmo_bot.domain.messages import Message, Question
from fmo_bot.domain.parties import SYSTEM, Person
from fmo_bot.errors import SiteUnavailable
from fmo_bot.jira.accounts import JiraAccounts
from fmo_bot.jira.finding import JiraFinder
from fmo_bot.services import (
    accepting,
    accounts,
    acts,
    channels,
    digests,
    expiries,
    hooks,
    issues,
    joining,
    ownership,
    proposals,
    renewals,
    self_checks,
    side_changing,
    sprints,
    standup_plan,
    waits_reports,
    wizard,
    wizard_asking,
)
from fmo_bot.services.account_matching import Matching
from fmo_bot.services.accounts import Accounts
from fmo_bot.services.act_rows import forget_old
from fmo_bot.services.acting import Acting
from fmo_bot.services.acts import Acts
from fmo_bot.services.admins import Admins
from fmo_bot.services.backfill_news import BackfillNews
from fmo_bot.services.blockers import Blockers
from fmo_bot.services.boards import Boards
from fmo_bot.services.calendar_changes import CalendarChanges
from fmo_bot.services.channels import Channels
from fmo_bot.services.deliveries import Deliveries
from fmo_bot.services.digests import Digests
from fmo_bot.services.doubles import NightWatch
from fmo_bot.services.explaining import Explaining
from fmo_bot.services.follows import Follows
from fmo_bot.services.hinted import Hinted
from fmo_bot.services.hooks import Hooks
from fmo_bot.services.issues import Issues
from fmo_bot.services.joining import Joining
from fmo_bot.services.new_statuses import NewStatuses
from fmo_bot.services.parties import Parties
from fmo_bot.services.pauses import Pauses
from fmo_bot.services.people import People
from fmo_bot.services.raising import Raising
from fmo_bot.services.self_checks import SelfChecks
from fmo_bot.services.side_changing import SideChanging
from fmo_bot.services.site_syncs import SiteSyncs
from fmo_bot.services.sprints import Sprints
from fmo_bot.services.standup_answers import Answers
from fmo_bot.services.standups import Standups
from fmo_bot.services.strangers import Strangers
from fmo_bot.services.thread_replies import ThreadReplies
from fmo_bot.services.trials import PREFIX as TRIAL
from fmo_bot.services.trials import Trials
from fmo_bot.services.waits_reports import WaitsReports
from fmo_bot.services.wizard import Wizard
from fmo_bot.services.wizard_asking import Asking
from fmo_bot.services.wizard_boards import Boards as WizardBoards
from fmo_bot.services.wizard_posting import Posting
from fmo_bot.services.wizard_seeing import Seeing
from fmo_bot.services.workflow_changes import WorkflowChanges
from fmo_bot.slack.act_forms import SlackWindow
from fmo_bot.slack.archive import SlackArchive
from fmo_bot.slack.chat import SlackChat
from fmo_bot.slack.crowd import SlackCrowd
from fmo_bot.slack.directory import SlackDirectory
from fmo_bot.slack.lookout import SlackLookout
from fmo_bot.slack.unfurls import SlackUnfurls
from fmo_bot.slack.who import Who
from fmo_bot.slack.wizard_forms import SlackWizardWindow

AHEAD = timedelta(days=8)  # how far the plan reaches: a weekly digest is always in it, and any long weekend
_TICK_S, _WHOLE_S = 20.0, 120.0  # seconds a tick, and a step of the sandbox's clock, wait for slow Jira sites
_WITHIN = 7.0  # seconds of machine time for what is in hand when the bot stops; the web server takes three before
_log = structlog.get_logger(__name__)


class Bot:
    """Everything wired and nothing running; `start` begins, leaving the context ends."""

    def __init__(self, settings: Settings, *, works: bool = True) -> None:
        """Brings the database up to date and asks Slack whose the tokens are. Raises SettingsWrong.

        `works=False`: this process only records and owes; jobs are run by others.
        """
        self.settings = settings
        self._works = works
        self.clock = clock_of(settings)
        self.store = open_store(settings)
        self.installing = Installing(settings, self.store)
        self.installs = self.installing.installs
        try:
            self.installing.named(self.clock.now())
        except BaseException:
            self.store.close()
            raise
        self.who = Who(self.installs)
        self.engine = engine_of(settings, self.store)
        self.store.wake = self.engine.wake
        self.listening: Callable[[], int] = lambda: 0  # listeners that run now; the door says how many
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
        self._wire_services()
        self._wire_work()
        self._first_admins()
        self._until: float | None = None  # when this process ends at the latest, once it was told to (monotonic)

    def _wire_services(self) -> None:
        """One service per use, each with what it asks of the world."""
        questions = tuple(Question(**each) for each in template())
        self.pauses = Pauses(self.store, self.clock)
        self.jira = JiraSites(self.settings, self.store, self.pauses)
        self.connecting = Connecting(self.settings, self.store, self.jira.sites, self.pauses, self.clock)
        # What somebody may consent to at Atlassian, each with what is done then and the sentence they read.
        self.consented: dict[str, Callable[[dict[str, Any], str], str]] = {PURPOSE: self._connected}
        news = BackfillNews(self.store, now=self.clock.now, machine=time.monotonic)
        self.boards = Boards(self.store, self.jira, addresses=self.jira.addresses, progress=news)
        self.new_statuses = NewStatuses(self.store)
        self._syncs = SiteSyncs(self.store, self._read)
        self.parties = Parties(self.store)
        self.people = People(self.store)
        directory = SlackDirectory(self.installs)
        self.joining = Joining(self.store, directory)
        self._admins = Admins(self.store)
        self.deliveries = Deliveries(self.store, self.parties)
        self.standups = Standups(self.store)
        self.answers = Answers(self.store, questions)
        self.thread_replies = ThreadReplies(self.store, self.answers)
        self.raising = Raising(self.store, self.parties)
        self.blockers = Blockers(self.store, questions)
        self.sprints = Sprints(self.store, self.boards)
        self.digests = Digests(self.store, self.boards)
        self.waits_reports = WaitsReports(self.store, self.parties, self.boards)
        subjects: dict[str, proposals.Subject] = {
            proposals.CALENDAR: CalendarChanges(self.store),
            proposals.WORKFLOW: WorkflowChanges(self.store, self.boards),
            proposals.PROJECT: ownership.Projects(self.store),
            proposals.SET_UP: accepting.SetUps(self.store),
        }
        self.proposals = proposals.Proposals(self.store, subjects)
        self.explaining = Explaining(self.store, self.parties)
        signed = {site.key: site.webhook_secret for site in self.settings.jira_sites if site.webhook_secret}
        self.hooks = Hooks(self.store, signed, Vault(self.settings.secret_keys))
        self.hinted = Hinted(self.store, self.boards)
        sources = self.jira.through(JiraAccounts)
        self.acting = Acting(self.store)
        self.own_clients = OwnClients(self.settings, self.store, self.jira)  # for what a person does as themselves
        self.matching = Matching(self.store, directory, sources)
        signing_in = SigningIn(self.settings, self.jira, self.connecting.consents, self.clock)
        self.accounts = Accounts(self.store, self.matching, sources, signing_in)
        self.consented[BY_THEMSELVES] = partial(signing_in.came_back, self.accounts)
        self.issues = Issues(self.store, self.parties, self.jira, SlackUnfurls(self.installs))
        hands = JiraHands(self.jira, self.own_clients)
        window = SlackWindow(self.installs)
        self.acts = Acts(self.store, self.parties, self.issues, self.acting, hands, window)
        self.follows = Follows(self.store, self.parties, self.jira.filtered)
        lookout = SlackLookout(self.installs)
        self.channels = Channels(self.store, lookout)
        self.self_checks = SelfChecks(self.store, self.parties, lookout, self.installs.reaches)
        self.strangers = Strangers(self.store)
        self.trials = Trials(self.store, self.parties, questions)
        boards = WizardBoards(self.store, JiraFinder(self.jira.client))
        self.asking = Asking(self.store, boards)
        crowd = SlackCrowd(self.installs, lookout)
        self.side_changing = SideChanging(self.store, crowd)
        self.wizard = Wizard(
            self.store,
            Seeing(lookout, crowd),
            boards,
            Posting(self.store, self.self_checks),
            self.asking,
            self.side_changing,
            SlackWizardWindow(self.installs),
            self._apps,
        )

    def _wire_work(self) -> None:
        """What brings messages on their way, and works what comes in or falls due."""
        self._paces = Paces(self.settings.slack_messages_per_minute)
        archive = SlackArchive(installs=self.installs)
        self.night_watch = NightWatch(self.store, archive, paces=self._paces)
        self._chat = SlackChat(installs=self.installs, pictures=Charts())
        pump = Pump(store=self.store, chat=self._chat, clock=self.clock, paces=self._paces, owner=self._owner)
        # What can come in, each with what works it; handlers add their own.
        self.jobs: dict[str, Callable[[dict[str, Any], datetime], None]] = {
            sprints.JOB: self.sprints.make,
            waits_reports.JOB: self.waits_reports.make,
            proposals.JOB: self.proposals.decide,
            hooks.JOB: self.hinted.look,
            channels.LOOK: self.channels.look,
            self_checks.JOB: self.self_checks.make,
            issues.CARD: self.issues.show,
            issues.UNFURL: self.issues.unfurl,
            wizard.LOOK: self.wizard.look,
            wizard.FILL: self.wizard.fill,
            wizard.POST: self.wizard.post,
            wizard_asking.ANSWER: self.wizard.answer,
            side_changing.CHANGE: self.wizard.change,
            side_changing.TAKE: self.side_changing.take,
            acts.FORM: self.acts.fill,
            acts.ACT: self.acts.act,
            accounts.LOOK: self.accounts.look,
            accounts.CHECK: self.accounts.read_comments,
            accounts.ASK: self.accounts.put_to_admins,
            installing.JOB: self.installing.ended,
            joining.JOB: self.joining.answer,
        }
        due: occurrences.Handlers = {
            standup_plan.PROMPT: occurrences.Together(self.standups.due_prompts),
            standup_plan.REMINDER: self.standups.due_reminder,
            standup_plan.CLOSE: self.standups.due_close,
            digests.DIGEST: occurrences.Composed(self.digests.compose),
        }
        self._work = Work(
            store=self.store,
            engine=self.engine,
            clock=self.clock,
            pump=pump,
            owner=self._owner,
            due=due,
            jobs=self.jobs,
        )
        self._repeat()

    def _repeat(self) -> None:
        """What is done again and again, in seconds."""
        for name, seconds, job in (
            ("plan", 60, self._plan),
            ("sync", 60, self._sync),
            ("tell", 5, self._tell),
            ("follow", 15, self._follow),
            ("directs", 5, self._learn_directs),
            ("channels", 5, self._look_at_channels),
            ("held", 60, self._put_off),
            ("checks", 300, self._check_weekly),
            ("retain", 3600, self._retain),
            ("accounts", 600, self._match),
            ("tokens", 60, self._tokens),
            ("installs", 60, self._look_at_installs),
            ("night", 15, self._watch),
        ):
            self.engine.every(name, seconds, job, alone=True)

    def start(self) -> None:
        """Begin everything that runs by itself."""
        if self._works:
            self.pauses.look_again()
            self.jira.sites.note_ends({site.key: site.expires_at for site in self.settings.jira_sites})
            self._plan()
            self.engine.start()
        if isinstance(self.clock, SandboxClock):
            stepped = self._stepped if self._works else lambda: None
            self.clock.follow(name=self._owner, look=self._look, stepped=stepped)

    def __enter__(self) -> Self:
        """The bot, not running yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take nothing new, finish what is in hand, let go of everything."""
        if isinstance(self.clock, SandboxClock):
            self.clock.stop()
        self._syncs.stop()
        self._work.stop(until=self.leave())
        self.jira.close()
        self.store.close()

    def leave(self) -> float:
        """Begin nothing more, for this process ends: until when (`time.monotonic`) what is in hand may be finished."""
        if self._until is None:
            self._until = time.monotonic() + _WITHIN
            self._work.refuse()
        return self._until

    # --- what handlers ask -------------------------------------------------------------------------------------------

    def record(
        self, *, event_key: str, kind: str, payload: Mapping[str, Any], at: datetime, asker: Person | None = None
    ) -> bool:
        """Write down what came in, once, and wake whoever works it; False where it was known.

        `asker` is told what could not be done; without one the scrum masters whom it concerns are.
        """
        with self.store.transaction(SYSTEM) as session:
            return inbox.record(session, event_key=event_key, kind=kind, payload=payload, at=at, asker=asker)

    def say(self, person: Person, message: Message, *, name: str, at: datetime) -> None:
        """Owe a direct message, once by its name."""
        with self.store.transaction(SYSTEM) as session:
            language = language_of(session, person)
            outbox.owe(session, name=name, message=message, due=at, language=language, person=person)

    def show_home(self, person: Person, message: Message, *, at: datetime) -> None:
        """Owe a person's App Home."""
        with self.store.transaction(SYSTEM) as session:
            outbox.owe_home(session, person=person, message=message, due=at, language=language_of(session, person))

    def fitted(self, person: Person, message: Message) -> Message:
        """A message as this person may read it, for what is shown without being owed."""
        with self.store.reading(SYSTEM) as session:
            return audience.fitted(session, message, person)

    def answering(self, ref: str) -> Answers | Trials:
        """Who takes what is said in the form with this ref."""
        return self.trials if ref.startswith(TRIAL) else self.answers

    def language_of(self, person: Person) -> str:
        """The language a member chose; English for anybody else."""
        with self.store.reading(SYSTEM) as session:
            return language_of(session, person)

    def problems(self) -> list[str]:
        """Why the bot is not ready, in sentences; empty where it is."""
        try:
            with self.store.reading(SYSTEM) as session:
                session.execute(text("SELECT 1"))
        except SQLAlchemyError as error:
            return [f"The database does not answer ({type(error).__name__}).", *self.engine.problems()]
        return self.engine.problems()

    def quiet(self) -> Quiet:
        """What is in hand now, and when something falls due by itself."""
        return self._look(self.clock.now())

    # --- what runs by itself -----------------------------------------------------------------------------------------

    def _look(self, at: datetime) -> Quiet:
        # Listeners are counted first: one that ends after this has left its rows where they are counted next.
        running = self.listening()
        with self.store.reading(SYSTEM) as session:
            return Quiet(quiet.in_hand(session, at, extra=running), quiet.next_due(session, at))

    def _stepped(self) -> None:
        """After a step of the sandbox's clock: read Jira as it is then, plan, and let everything due begin."""
        self._syncs.tick(self.clock.now(), within=_WHOLE_S)
        self._plan()
        self._work.wake()

    def _plan(self) -> None:
        at = self.clock.now()
        with self.store.reading(SYSTEM) as session:
            until = at + AHEAD
            wanted = [*self.standups.wanted(session, at, until), *self.digests.wanted(session, at, until)]
            settled = occurrences.settled(session, wanted, at)
        if not settled:
            with self.store.transaction(SYSTEM) as session:
                occurrences.plan(session, wanted, at)
        self.standups.follow_plan(at)
        self._work.expect(at)

    def _apps(self) -> dict[str, str]:
        """The key of our app in each workspace in which it is installed."""
        return {workspace: self.installs.of_team(workspace).app_key for workspace in sorted(self.installs.workspaces)}

    def _sync(self) -> None:
        self._syncs.tick(self.clock.now(), within=_TICK_S)

    def _tokens(self) -> None:
        """Renew tokens before they end, and warn of those that nobody can renew but a person."""
        for key in self.jira.renewals.due():
            try:
                self.jira.renewals.current(key, spare=renewals.EARLY_S)
            except SiteUnavailable as error:
                self.pauses.begin(key, error)
        expiries.warn(self.store, self.clock.now())

    def _look_at_installs(self) -> None:
        self.installing.look(self.clock.now())
        self._first_admins()

    def _first_admins(self) -> None:
        """Those the settings name speak for companies that have come to be known since, and that have no admin.

        A company is known once the settings name somebody of its workspace, or whose a Jira site is.
        """
        owners = {site.key: site.owner for site in self.settings.jira_sites if site.owner is not None}
        self.installing.known.recognise({workspace for workspace, _ in self.settings.admins} | set(owners.values()))
        self.jira.sites.note_owners(owners)
        if self.settings.admins:
            self._admins.first((Person(*each) for each in self.settings.admins), self.clock.now())

    def _connected(self, detail: dict[str, Any], code: str) -> str:
        site = self.connecting.by_code(detail, code)
        return f"Jira site {site.key} is connected. You may close this page."

    def _learn_directs(self) -> None:
        directs.learn(self.store, self._chat, at=self.clock.now(), machine=time.time, paces=self._paces)

    def _look_at_channels(self) -> None:
        self.channels.tick(self.clock.now())

    def _check_weekly(self) -> None:
        self.self_checks.weekly(self.clock.now())

    def _put_off(self) -> None:
        self.channels.put_off(self.clock.now())

    def _follow(self) -> None:
        self.follows.tell(self.clock.now())

    def _tell(self) -> None:
        self.deliveries.tell(self.clock.now())

    def _watch(self) -> None:
        self.night_watch.look(self.clock.now())

    def _read(self, board_id: int, at: datetime) -> None:
        self.boards.sync(board_id, at)
        self.new_statuses.look(board_id, at)

    def _match(self) -> None:
        self.matching.run(self.clock.now())

    def _retain(self) -> None:
        inbox.give_up_old(self.store, self.clock.now() - retention.UNDONE_FOR, at=self.clock.now())
        retention.retain(self.store, self.clock.now())
        forget_old(self.store, self.clock.now())
        self.wizard.forget(self.clock.now())
