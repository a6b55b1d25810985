import Contract

/// Asks a target for relations by name, for what their views and their inheritance lead to, and for the search path.
struct SchemaQuestion: Equatable {
    /// nil: every relation that there is.
    let names: Set<String>?
    /// Definitions wait for whoever changes their tables, milliseconds.
    static let lockTimeout = 500

    /// One text for the simple protocol, quick by itself: compiling it would take a hundred times as long. Definitions come with every name outside pg_catalog qualified, since nothing else
    /// is on the path while they are written out.
    ///
    /// Rows: `path, [schema…]`; `relation, oid, schema, name, kind, [column…], definition, [rule…], [oid that it leads to…],
    /// a digit for each column: 1 for NOT NULL, [foreign key that changes other rows with its own…]`; `parent, oid, parent's oid`.
    /// Lists are JSON; foreign keys are ``SchemaAnswer/ForeignKey``. Views of the system schemas count as tables: their queries
    /// tell nothing of a user's data.
    var sql: String {
        let named = names.map { names in
            "c.relname = ANY (ARRAY[\(names.sorted().map(SQLText.literal).joined(separator: ","))]::name[]) AND "
        }
        let reach = """
            WITH RECURSIVE reach(oid) AS (
              SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE \(named ?? "")c.relkind IN ('r','p','v','m','f')
                AND n.nspname !~ '^pg_(temp|toast)'
              UNION
              SELECT step.oid FROM reach JOIN LATERAL (
                SELECT d.refobjid AS oid FROM pg_rewrite r
                JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
                  AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class
                JOIN pg_class v ON v.oid = r.ev_class JOIN pg_namespace s ON s.oid = v.relnamespace
                WHERE r.ev_class = reach.oid AND s.nspname NOT IN ('pg_catalog', 'information_schema')
                UNION ALL SELECT i.inhparent FROM pg_inherits i WHERE i.inhrelid = reach.oid
                UNION ALL SELECT k.conrelid FROM \(Self.cascades)
              ) step ON true)
            """
        return """
            BEGIN READ ONLY; RESET search_path; SET LOCAL lock_timeout = '\(Self.lockTimeout)ms'; SET LOCAL jit = off;
            SELECT 'path', array_to_json(current_schemas(true));
            SET LOCAL search_path = pg_catalog;
            \(reach)
            SELECT 'relation', c.oid, n.nspname, c.relname, CASE WHEN o.system THEN 'r' ELSE c.relkind::text END,
              columns.names,
              CASE WHEN c.relkind IN ('v','m') AND NOT o.system THEN pg_get_viewdef(c.oid) ELSE '' END,
              (SELECT json_agg(pg_get_ruledef(r.oid) ORDER BY r.rulename) FROM pg_rewrite r
               WHERE r.ev_class = c.oid AND r.rulename <> '_RETURN' AND NOT o.system),
              (SELECT json_agg(DISTINCT d.refobjid::text) FROM pg_rewrite r
               JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
                 AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class
               JOIN pg_class t ON t.oid = d.refobjid
               WHERE r.ev_class = c.oid AND NOT o.system),
              columns.required,
              (SELECT json_agg(json_build_object('oid', k.conrelid::text, 'delete', translate(k.confdeltype::text, 'ar', ''),
                 'update', translate(k.confupdtype::text, 'ar', ''), 'keys', \(Self.columns("k.confrelid", "k.confkey")),
                 'columns', \(Self.columns("k.conrelid", "k.conkey"))) ORDER BY k.oid) FROM \(Self.cascades))
            FROM reach JOIN pg_class c USING (oid) JOIN pg_namespace n ON n.oid = c.relnamespace
            CROSS JOIN LATERAL (SELECT n.nspname IN ('pg_catalog', 'information_schema')) o(system)
            CROSS JOIN LATERAL (
              SELECT json_agg(a.attname ORDER BY a.attnum),
                string_agg(CASE WHEN a.attnotnull AND NOT o.system THEN '1' ELSE '0' END, '' ORDER BY a.attnum)
              FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) columns(names, required)
            WHERE c.relkind IN ('r','p','v','m','f') ORDER BY c.oid;
            \(reach)
            SELECT 'parent', i.inhrelid, i.inhparent FROM reach JOIN pg_inherits i ON i.inhrelid = reach.oid
            JOIN pg_class c ON c.oid = i.inhparent WHERE c.relkind IN ('r','p','f') ORDER BY 2, i.inhseqno;
            COMMIT
            """
    }

    /// Foreign keys that refer to a relation and change rows of others with its own, by the trigger that does it: no index finds
    /// them by the relation alone.
    private static let cascades = """
        pg_trigger t JOIN pg_constraint k ON k.oid = t.tgconstraint
        WHERE t.tgrelid = reach.oid AND t.tgisinternal AND t.tgtype & 8 <> 0 AND k.contype = 'f'
          AND k.confrelid = t.tgrelid AND (k.confdeltype NOT IN ('a', 'r') OR k.confupdtype NOT IN ('a', 'r'))
        """

    private static func columns(_ relation: String, _ numbers: String) -> String {
        """
        (SELECT json_agg(a.attname ORDER BY u.place) FROM unnest(\(numbers)) WITH ORDINALITY u(number, place)
           JOIN pg_attribute a ON a.attrelid = \(relation) AND a.attnum = u.number)
        """
    }
}
