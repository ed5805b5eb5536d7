"""The real restore of a PostgreSQL cluster on its own host: what can be reached, the way there, and the way back."""
