"""One file per change, named by date and meaning; see `migrations.revise`."""
