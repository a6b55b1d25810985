# One statement a line; all run on the schema beside this file, one after the other.
SELECT 1
TABLE t
VALUES (1), (2)
SELECT * FROM t
SELECT * FROM t, u
SELECT * FROM public.t JOIN u USING (id)
select lower(name) from t
SELECT pg_catalog.lower(name) FROM t
SELECT count(*) FROM t
SELECT 1 UNION SELECT 2
TABLE t INTERSECT TABLE t
SELECT now(), current_user, version()
SHOW search_path
SHOW ALL
SELECT row_number() OVER (PARTITION BY a ORDER BY b) FROM t
SELECT * FROM generate_series(1, 3) g
SELECT jsonb_agg(t) FROM t
SELECT * FROM t TABLESAMPLE system (10)
SELECT * FROM t TABLESAMPLE bernoulli (10) REPEATABLE (1)
SELECT a OPERATOR(pg_catalog.+) b FROM t
WITH x AS (SELECT * FROM t) SELECT * FROM x
WITH RECURSIVE x (n) AS (SELECT 1 UNION SELECT n + 1 FROM x WHERE n < 5) SELECT * FROM x
SELECT (SELECT max(a) FROM u) FROM t
SELECT * FROM t WHERE EXISTS (SELECT FROM u WHERE u.id = t.id)
SELECT * FROM t, LATERAL (SELECT * FROM u WHERE u.id = t.id) s
SELECT * FROM t WHERE id = ANY (ARRAY(SELECT id FROM u)) LIMIT (SELECT 1)
SELECT b, sum(a) FILTER (WHERE active) FROM t GROUP BY GROUPING SETS ((b), ()) HAVING sum(a) > 1
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a) FROM t
SELECT * FROM json_to_recordset('[{"a": 1}]') AS x (a int, b text)
SELECT * FROM ROWS FROM (unnest(ARRAY[1]), unnest(ARRAY[2])) WITH ORDINALITY
SELECT xmltable.* FROM XMLTABLE('/a' PASSING ('<a><b>1</b></a>'::xml) COLUMNS b text)
SELECT current_setting('search_path')
SELECT to_regclass('t'), 't'::regclass, 'watch.state'::regproc
SELECT * FROM information_schema.tables
SELECT relname FROM pg_catalog.pg_class
SELECT * FROM pg_roles
SELECT * FROM pg_settings
SELECT * FROM pg_locks
SELECT proname, pg_get_function_arguments(oid) FROM pg_proc
SELECT 'please delete me'
SELECT 'DROP TABLE t'
SELECT $$; DELETE FROM t$$
SELECT E'\'; DROP TABLE t; --'
SELECT 1 /* ; DROP TABLE t; */
SELECT "drop", delete FROM u
SELECT 1 AS delete
SELECT * FROM t WHERE note IN ('INSERT', 'UPDATE', 'DELETE')
SELECT * FROM t WHERE note ~* 'delete\s+from'
SELECT * FROM t WHERE 1 = 1
SELECT replace('delete', 'e', 'x'), translate('drop', 'd', 'x'), overlay('abc', 'x', 1)
SELECT format('DROP TABLE %I', 't')
SELECT trim(' x '), position('a' IN 'abc'), substring('abc' FROM 2), extract(year FROM CURRENT_DATE)
SELECT CURRENT_TIMESTAMP AT TIME ZONE 'UTC'
SELECT 'x' IS NORMALIZED, COLLATION FOR ('x'), 'x' LIKE 'y' ESCAPE '!', 'delete' SIMILAR TO '%(drop|delete)%'
SELECT (DATE '2020-01-01', DATE '2020-02-01') OVERLAPS (DATE '2020-01-15', DATE '2020-03-01')
SELECT xmlexists('/a' PASSING ('<a/>'::xml))
SELECT array_remove(ARRAY[1, 2], 1), array_append(tags, 'z') FROM t
SELECT jsonb_set(payload, '{a}', '1'), payload - 'n', payload || '{"z": 1}', payload #- '{n}' FROM t
SELECT set_byte('x', 0, 1), set_masklen('10.0.0.0/8'::inet, 16)
SELECT setseed(0.5)
SELECT ts_delete(words, 'word'), setweight(words, 'A'), ts_headline('word one', 'word'::tsquery) FROM t
SELECT has_table_privilege('t', 'DELETE')
SELECT pg_get_viewdef('contacts'::regclass), pg_get_functiondef('proc'::regproc)
SELECT pg_size_pretty(pg_total_relation_size('t')), pg_relation_filepath('t')
SELECT pg_backend_pid(), pg_is_in_recovery(), pg_current_wal_lsn(), txid_current(), pg_current_xact_id()
SELECT gen_random_uuid(), random(), clock_timestamp(), timeofday()
SELECT extname FROM pg_extension
SELECT * FROM t ORDER BY name DESC FETCH FIRST 5 ROWS ONLY
WITH delete AS (SELECT * FROM t) SELECT * FROM delete
SELECT * FROM (SELECT * FROM t) AS update
SELECT string_agg(name, '; DROP TABLE t; ') FROM t
SELECT * FROM t LEFT JOIN u ON t.id = u.id
SELECT * FROM contacts
SELECT * FROM summary
SELECT row_to_json(t), to_jsonb(t), t::text FROM t
SELECT t FROM t
SELECT (ROW(1, 2)::pair).x, 'sad'::mood, enum_range(NULL::mood)
SELECT id::text::int, name::varchar(3), a::bit(8), amount::money FROM t
SELECT CASE WHEN a > 1 THEN 'x' ELSE 'y' END, coalesce(a, b), greatest(a, b), nullif(a, b) FROM t
SELECT a = ALL (ARRAY[1, 2]), a BETWEEN 1 AND 5, a IS DISTINCT FROM b, NOT active FROM t
SELECT tags[1], tags[1:2], payload->'n', payload->>'n', payload @> '{"n": 1}', payload ? 'n' FROM t
SELECT name || note, -a, +a, a % 2, a ^ 2, |/ 4, @ -5, a # 1, a & 1, a << 1 FROM t
SELECT words @@ to_tsquery('word'), name ^@ 'n', name ~ 'n', name ~~ 'n%' FROM t
SELECT 'a=>1'::hstore -> 'a', akeys('a=>1'::hstore), similarity('a', 'b'), 'a' % 'b'
SELECT currval('s'), lastval()
SELECT pg_sequence_last_value('s'), last_value FROM s
SELECT regexp_matches(name, 'n'), regexp_split_to_table(name, ' '), string_to_array(name, ' ') FROM t
SELECT json_populate_record(NULL::pair, '{"x": 1, "y": 2}')
SELECT jsonb_path_query(payload, '$.n') FROM t
SELECT width_bucket(a, 0, 10, 5), round(amount, 1), trunc(amount), div(a, 2), mod(a, 2) FROM t
SELECT date_trunc('day', now()), age(now()), make_date(2020, 1, 1), to_char(now(), 'YYYY')
SELECT int4range(1, 5) * int4range(3, 9), numrange(1, 2), range_merge(int4range(1, 2), int4range(5, 6))
SELECT md5('x'), sha256('x'), encode('x', 'hex'), convert_to('x', 'UTF8')
SELECT inet '10.0.0.1' <<= inet '10.0.0.0/8', host(inet '10.0.0.1')
SELECT point(1, 2) <-> point(3, 4), box(point(1, 2), point(3, 4)) && box(point(0, 0), point(9, 9))
SELECT corr(a, b), regr_slope(a, b), stddev(a), bool_and(active), array_agg(name ORDER BY a) FROM t
SELECT lag(a) OVER w, ntile(3) OVER w, first_value(a) OVER w FROM t WINDOW w AS (ORDER BY id)
SELECT grouping(a), a FROM t GROUP BY ROLLUP (a)
SELECT pg_blocking_pids(pg_backend_pid()), pg_xact_status('3'), pg_stat_get_xact_numscans('t'::regclass)
SELECT txid_status(3), pg_is_wal_replay_paused() IS NULL FROM t WHERE false
SELECT pg_database_size(current_database()), pg_tablespace_size('pg_default')
SELECT * FROM pg_partition_tree('t')
SELECT * FROM pg_timezone_names LIMIT 1
SELECT * FROM pg_available_extensions LIMIT 1
SELECT obj_description('t'::regclass), col_description('t'::regclass, 1), format_type(23, NULL)
SELECT pg_typeof(a), pg_column_size(a) FROM t
SELECT DISTINCT ON (b) * FROM t
SELECT xmlelement(name a, xmlattributes(name AS x), xmlforest(a)), xmlcomment('x') FROM t
SELECT * FROM t WHERE (a, b) IN (SELECT a, b FROM u)
SELECT * FROM t WHERE name ILIKE '%1%' AND active IS NOT FALSE
EXPLAIN SELECT * FROM t
EXPLAIN DELETE FROM t
EXPLAIN UPDATE t SET a = 1
EXPLAIN INSERT INTO t SELECT * FROM t
EXPLAIN (ANALYZE false) DELETE FROM t
EXPLAIN ANALYZE SELECT * FROM t
EXPLAIN CREATE TABLE x AS SELECT 1
BEGIN
START TRANSACTION READ ONLY
COMMIT
ROLLBACK
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE
SET CONSTRAINTS ALL DEFERRED
SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE
SET DateStyle = ISO
SET extra_float_digits = 3
SET statement_timeout TO '60s'
SET LOCAL lock_timeout = 0
SET TIME ZONE 'UTC'
SET NAMES 'utf8'
SET standard_conforming_strings = on
SET work_mem = '8MB'
SELECT set_config('work_mem', '8MB', false)
PREPARE pr (int) AS SELECT $1
DEALLOCATE pr
PREPARE pd AS DELETE FROM t WHERE id = 1
DEALLOCATE ALL
DECLARE c CURSOR WITH HOLD FOR SELECT * FROM t
FETCH 5 FROM c
MOVE 5 IN c
CLOSE c
CLOSE ALL
COPY t TO STDOUT
COPY (SELECT * FROM t) TO STDOUT WITH (FORMAT csv)
INSERT INTO log VALUES ('a')
INSERT INTO log SELECT name FROM u
INSERT INTO log VALUES ('b') RETURNING what
INSERT INTO u (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET a = 77
UPDATE t SET a = a + 1 WHERE id = 1
UPDATE t SET a = u.a + 5 FROM u WHERE t.id = u.id AND t.id = 2
DELETE FROM t WHERE id = 50
WITH x AS (DELETE FROM t WHERE id = 49 RETURNING *) SELECT * FROM x
WITH x AS (UPDATE t SET a = 0 WHERE id = 48) SELECT 1
WITH b AS (INSERT INTO log VALUES ('nested') RETURNING *), a AS (SELECT * FROM b) SELECT * FROM a
EXPLAIN ANALYZE DELETE FROM t WHERE id = 47
EXPLAIN (ANALYZE, COSTS off) UPDATE t SET a = 99 WHERE id = 46
EXPLAIN ANALYZE CREATE TABLE explained AS SELECT 1
MERGE INTO t USING u ON t.id = u.id AND t.id = 3 WHEN MATCHED THEN UPDATE SET a = 1000
SELECT * INTO copied FROM t
SELECT * INTO TEMP copied_temporarily FROM t
CREATE TABLE made AS SELECT * FROM t
CREATE TEMP TABLE temporary (a int)
CREATE VIEW made_view AS SELECT * FROM t
CREATE FUNCTION made() RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE RULE ru AS ON INSERT TO copied DO INSTEAD NOTHING
SELECT nextval('other')
SELECT setval('other', 1000)
SELECT * FROM t WHERE nextval('other') > 0 LIMIT 1
SELECT lo_create(40001)
SELECT lo_put(40000, 0, 'LARGE')
SELECT lo_from_bytea(40002, 'x')
SELECT lo_unlink(40001)
SELECT side_effect()
SELECT * FROM side_effect()
SELECT 1 <~~~> 2
SELECT 1 OPERATOR(mine.+) 2
SELECT mine.lower('X')
SELECT id FROM t WHERE side_effect(1) LIMIT 1
SELECT id FROM t ORDER BY side_effect(id)
SELECT CASE WHEN side_effect(1) THEN 1 END
SELECT (SELECT side_effect())
SELECT coalesce(NULL, side_effect())
SELECT count(*) FILTER (WHERE side_effect(1)) FROM t
SELECT ARRAY[side_effect()]
CALL proc()
DO $$ BEGIN INSERT INTO log VALUES ('do'); END $$
SELECT query_to_xml('SELECT side_effect()', true, true, '')
SELECT * FROM crosstab('SELECT side_effect(), 1, 2') AS c (a int, b int)
SELECT * FROM ts_stat('SELECT ''x''::tsvector FROM side_effect()')
PREPARE ins AS INSERT INTO log VALUES ('prepared')
EXECUTE ins
SELECT pg_advisory_lock(1)
SELECT pg_advisory_unlock_all()
LISTEN channel
UNLISTEN *
SET ROLE reader
RESET ROLE
SELECT set_config('role', 'reader', false)
RESET role
SET search_path = mine, public
RESET search_path
SELECT set_config('search_path', 'mine', false)
RESET search_path
SET SESSION AUTHORIZATION reader
RESET SESSION AUTHORIZATION
SET session_replication_role = replica
RESET session_replication_role
TRUNCATE log
ALTER TABLE made ADD COLUMN z int
COMMENT ON TABLE made IS 'x'
GRANT SELECT ON made TO reader
CREATE ROLE another
ALTER ROLE another SET work_mem = '1MB'
DROP ROLE another
REFRESH MATERIALIZED VIEW summary
ANALYZE t
SELECT pg_create_physical_replication_slot('slot')
SELECT pg_drop_replication_slot('slot')
SELECT pg_import_system_collations('mine')
SELECT pg_stat_reset()
DROP TABLE made CASCADE
