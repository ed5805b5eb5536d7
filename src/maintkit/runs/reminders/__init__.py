"""How a reminder is handed over: one file a way, each a function that raises `NotSent` when it was not taken."""
