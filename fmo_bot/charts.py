"""How a report looks as a picture."""
