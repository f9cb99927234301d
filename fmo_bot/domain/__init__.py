"""What is true: arithmetic and rules on frozen values. No SQL, no Slack, no Jira, no clock; time is an argument."""
