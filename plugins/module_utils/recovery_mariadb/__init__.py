"""The restore of a MariaDB on its own host: what it has besides that of PostgreSQL and the drill of MariaDB."""
