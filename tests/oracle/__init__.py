"""The figures a second time, from raw Jira JSON, by the letter of the definitions and in the slowest plain way.

It imports nothing of the bot. Where the bot keeps tracks and takes differences of sums, this cuts each life at every
instant at which anything happened, looks up what held in each slice, and adds slices up.
"""
