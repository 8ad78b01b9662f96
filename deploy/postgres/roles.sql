-- Two roles: zvon_owner has the schema and changes it (`zvon migrate`, once per version); zvon_node is
-- what the nodes are. It reads and writes rows and calls functions; it can make, change and drop
-- nothing. Neither is a superuser, makes databases or roles, or passes by row security.
--
--   psql -v owner_password=… -v node_password=… -f roles.sql postgres
--
-- May be run again: it then sets the passwords anew. Over a network, use TLS:
-- DATABASE_URL=postgres://zvon_node:…@host/zvon?sslmode=verify-full, and hostssl in pg_hba.conf.
\set ON_ERROR_STOP on

SELECT format('CREATE ROLE %I', name) FROM (VALUES ('zvon_owner'), ('zvon_node')) AS wanted (name)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec

ALTER ROLE zvon_owner WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
    PASSWORD :'owner_password';
ALTER ROLE zvon_node WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
    PASSWORD :'node_password';
-- What hangs must not hold locks: a revoked session waits for whoever writes.
ALTER ROLE zvon_node SET statement_timeout = '10s';
ALTER ROLE zvon_node SET lock_timeout = '5s';
ALTER ROLE zvon_node SET idle_in_transaction_session_timeout = '10s';

SELECT 'CREATE DATABASE zvon OWNER zvon_owner' WHERE NOT EXISTS
    (SELECT FROM pg_database WHERE datname = 'zvon') \gexec
REVOKE ALL ON DATABASE zvon FROM PUBLIC;
GRANT CONNECT ON DATABASE zvon TO zvon_node;

\connect zvon
ALTER SCHEMA public OWNER TO zvon_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO zvon_node;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO zvon_node;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO zvon_node;
-- The same for what later versions add.
ALTER DEFAULT PRIVILEGES FOR ROLE zvon_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO zvon_node;
ALTER DEFAULT PRIVILEGES FOR ROLE zvon_owner IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO zvon_node;
