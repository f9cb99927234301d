"""The one place where the parts meet.

Each errand opens what it needs and no more, so that a command starts at once.
"""
