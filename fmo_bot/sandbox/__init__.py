"""A pretend world: Slack workspaces and a Jira over real HTTP and WebSocket, with a page. Imports no other room."""
