"""How a function is asked: one file a kind of question, each a function from the question to an `Answer`."""
