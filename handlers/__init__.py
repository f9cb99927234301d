"""The door: each file translates one feature's clicks and commands into one service call. `register(app, bot)` each."""
