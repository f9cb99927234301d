"""What is set from outside: settings, logging, the Slack app manifests, question templates, demo files."""
