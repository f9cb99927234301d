"""The gettext catalogues, one folder per language; English is the source text itself."""
