"""What we remember: SQLAlchemy rows, and the one door to them (`db.store`)."""
