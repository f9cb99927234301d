"""The check: plays one joint working day and one sprint end as people would, then judges the records.

It speaks to a running sandbox over HTTP only and imports nothing of the bot: what it counts is what people would see.
"""
