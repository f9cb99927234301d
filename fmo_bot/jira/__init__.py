"""How we read boards: Jira Cloud and Data Center behind the `BoardSource` port."""
