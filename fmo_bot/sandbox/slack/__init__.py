"""Slack as one or two workspaces and their apps see it: Web API, Socket Mode, signed HTTP, interactions."""
