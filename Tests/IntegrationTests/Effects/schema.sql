CREATE EXTENSION dblink;
CREATE EXTENSION tablefunc;
CREATE EXTENSION hstore;
CREATE EXTENSION pg_trgm;
CREATE TABLE t (
    id int PRIMARY KEY, a int, b int, name text, note text, email text, active boolean DEFAULT true,
    deleted_at timestamptz, payload jsonb, tags text[], words tsvector, amount numeric);
CREATE TABLE u (id int PRIMARY KEY, a int, b int, name text, note text, email text, delete text, "drop" text);
CREATE TABLE log (what text);
CREATE VIEW contacts AS SELECT id, name, email FROM t;
CREATE MATERIALIZED VIEW summary AS SELECT count(*) AS n FROM t;
CREATE SEQUENCE s;
CREATE SEQUENCE other;
CREATE ROLE reader;
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TYPE pair AS (x int, y int);
INSERT INTO t SELECT n, n, n % 7, 'name ' || n, 'note', 'p' || n || '@example.com', n % 2 = 0, NULL,
    jsonb_build_object('n', n), ARRAY['x', 'y'], to_tsvector('word ' || n), n * 1.5 FROM generate_series(1, 50) n;
INSERT INTO u SELECT n, n, n, 'name ' || n, 'note', 'q' || n || '@example.com' FROM generate_series(1, 20) n;
SELECT lo_from_bytea(40000, 'large'), nextval('s');
CREATE FUNCTION side_effect() RETURNS int LANGUAGE sql AS $$ INSERT INTO log VALUES ('called') RETURNING 1 $$;
CREATE FUNCTION side_effect(int) RETURNS boolean LANGUAGE sql AS $$ INSERT INTO log VALUES ('called') RETURNING true $$;
CREATE FUNCTION side_effect(int, int) RETURNS boolean LANGUAGE sql AS
    $$ INSERT INTO log VALUES ('operator') RETURNING true $$;
CREATE PROCEDURE proc() LANGUAGE sql AS $$ INSERT INTO log VALUES ('proc') $$;
CREATE OPERATOR <~~~> (leftarg = int, rightarg = int, function = side_effect);
CREATE SCHEMA mine;
CREATE OPERATOR mine.+ (leftarg = int, rightarg = int, function = side_effect);
CREATE FUNCTION mine.lower(text) RETURNS int LANGUAGE sql AS $$ INSERT INTO log VALUES ('lower') RETURNING 1 $$;
CREATE SCHEMA watch;

-- All rows of all tables, the newest change of each system catalog, and sequences, whoever asks.
CREATE FUNCTION watch.relations() RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    relation record;
    part text;
    result text := '';
BEGIN
    FOR relation IN
        SELECT format('%I.%I', nspname, relname) AS name, relkind, nspname
        FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
        WHERE relkind IN ('r', 'm', 'S') AND nspname NOT IN ('information_schema', 'pg_toast', 'watch')
            AND (relkind <> 'm' OR relispopulated)
        ORDER BY c.oid
    LOOP
        IF relation.nspname = 'pg_catalog' THEN
            EXECUTE format('SELECT count(*) || ''/'' || coalesce(max(xmin::text::bigint), 0) FROM %s', relation.name)
                INTO part;
        ELSIF relation.relkind = 'S' THEN
            EXECUTE format('SELECT last_value || ''/'' || is_called FROM %s', relation.name) INTO part;
        ELSE
            EXECUTE format(
                'SELECT md5(coalesce(string_agg(x::text, ''|'' ORDER BY x::text), '''')) FROM %s x', relation.name)
                INTO part;
        END IF;
        result := result || relation.name || '=' || part || ' ';
    END LOOP;
    RETURN result;
END $$;
-- The same and what a session is.
CREATE FUNCTION watch.state() RETURNS text LANGUAGE sql AS $$
    SELECT watch.relations() || 'user=' || current_user || ' session=' || session_user
        || ' path=' || replace(current_setting('search_path'), ' ', '')
        || ' replication=' || current_setting('session_replication_role')
        || ' strings=' || current_setting('standard_conforming_strings')
        || ' advisory=' || (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())
        || ' channels=' || (SELECT count(*) FROM pg_listening_channels())
        || ' slots=' || (SELECT count(*) FROM pg_replication_slots)
$$;
GRANT USAGE ON SCHEMA watch TO PUBLIC;
