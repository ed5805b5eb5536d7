-- Roles and database of the registration service. Run by psql as postgres; safe to run again.
-- his_owner changes the schema (migrations), his_app works with the rows, his_monitor reads statistics.
SELECT format('CREATE ROLE %I LOGIN', name) FROM (VALUES ('his_owner'), ('his_app'), ('his_monitor')) AS wanted (name)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
ALTER ROLE his_owner PASSWORD :'owner_password';
ALTER ROLE his_app PASSWORD :'app_password';
ALTER ROLE his_monitor PASSWORD :'monitor_password';
GRANT pg_monitor TO his_monitor;
SELECT 'CREATE DATABASE his OWNER his_owner' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'his') \gexec
\connect his
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO his_owner;
GRANT USAGE ON SCHEMA public TO his_app;
ALTER DEFAULT PRIVILEGES FOR ROLE his_owner IN SCHEMA public GRANT SELECT, INSERT, UPDATE ON TABLES TO his_app;
ALTER DEFAULT PRIVILEGES FOR ROLE his_owner IN SCHEMA public GRANT USAGE ON SEQUENCES TO his_app;
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
CREATE EXTENSION IF NOT EXISTS amcheck;
CREATE EXTENSION IF NOT EXISTS pgstattuple;
