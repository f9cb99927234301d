"""How we speak: the chat port on Slack, one render function per message value, modals, installations."""
