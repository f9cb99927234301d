"""What we do: one file per use. A service decides what is said; rooms to the right decide how."""
