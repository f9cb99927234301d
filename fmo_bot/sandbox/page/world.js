// Who and what there is: lookups over GET /control/world.

export class World {
  constructor(raw) {
    this.raw = raw;
    this.people = new Map(raw.people.map((person) => [person.id, person]));
    this.channels = new Map(raw.channels.map((channel) => [channel.id, channel]));
    this.workspaces = new Map([...raw.workspaces, ...(raw.outside ?? [])].map((workspace) => [workspace.id, workspace]));
    this.bots = new Map(raw.apps.flatMap((app) =>
      Object.entries(app.installed ?? {}).map(([team, bot]) => [bot, { app, team }])));
    this.apps = new Map(raw.apps.map((app) => [app.id, app]));
  }

  /** The workspaces worth a column: those where an app is installed. */
  sides() {
    const used = this.raw.workspaces.filter(({ id }) => this.appsIn(id).length);
    return used.length ? used : this.raw.workspaces;
  }

  appsIn(team) {
    return this.raw.apps.filter((app) => app.installed?.[team]);
  }

  members(team) {
    return this.raw.people.filter((person) => person.team_id === team && !guestIn(person, team));
  }

  guests(team) {
    return this.raw.people.filter((person) => guestIn(person, team));
  }

  person(id) {
    return this.people.get(id);
  }

  channel(id) {
    return this.channels.get(id);
  }

  teamName(id) {
    return this.workspaces.get(id)?.name ?? id ?? "";
  }

  nameOf(id) {
    const person = this.people.get(id);
    return person ? person.real_name || person.name : this.bots.get(id)?.app.name ?? null;
  }

  /** Who wrote a message: {name, kind: person|app, team, id}. */
  author(message) {
    const app = this.apps.get(message.app_id) ?? this.bots.get(message.user)?.app;
    if (app) {
      const team = this.bots.get(message.user)?.team ?? message.bot_profile?.team_id ?? message.team;
      return { id: app.id, name: message.username || app.name, kind: "app", team };
    }
    const person = this.people.get(message.user);
    const name = person ? this.nameOf(message.user) : message.username || message.user || "Slack";
    return { id: message.user ?? "?", name, kind: "person", team: person?.team_id ?? message.user_team ?? message.team };
  }
}

const guestIn = (person, team) => [person.guest_of].flat().includes(team);
