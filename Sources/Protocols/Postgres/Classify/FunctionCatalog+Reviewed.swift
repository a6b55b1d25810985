extension FunctionCatalog {
    /// Functions that PostgreSQL 15 calls volatile, and that count as safe all the same, with the reason.
    static let reviewed: [String: String] = [
        "amvalidate": "looks an access method's definition up",
        "clock_timestamp": "tells the time",
        "current_query": "shows the session's own text",
        "currval": "shows what nextval gave this session",
        "gen_random_uuid": "makes a random value",
        "lastval": "shows what nextval gave this session",
        "pg_blocking_pids": "shows who blocks whom",
        "pg_collation_actual_version": "asks the collation library",
        "pg_current_wal_flush_lsn": "shows a position",
        "pg_current_wal_insert_lsn": "shows a position",
        "pg_current_wal_lsn": "shows a position",
        "pg_database_collation_actual_version": "asks the collation library",
        "pg_database_size": "shows a size",
        "pg_get_backend_memory_contexts": "shows the session's own memory",
        "pg_get_multixact_members": "shows transaction numbers",
        "pg_get_shmem_allocations": "shows sizes",
        "pg_get_wal_replay_pause_state": "shows a state",
        "pg_get_wal_resource_managers": "lists names",
        "pg_indexes_size": "shows a size",
        "pg_is_in_recovery": "shows a state",
        "pg_is_wal_replay_paused": "shows a state",
        "pg_jit_available": "looks for a library of the server's own",
        "pg_last_committed_xact": "shows a transaction number",
        "pg_last_wal_receive_lsn": "shows a position",
        "pg_last_wal_replay_lsn": "shows a position",
        "pg_last_xact_replay_timestamp": "shows a time",
        "pg_lock_status": "shows who holds which lock",
        "pg_notification_queue_usage": "shows a fraction",
        "pg_partition_ancestors": "reads the catalog",
        "pg_partition_tree": "reads the catalog",
        "pg_prepared_xact": "shows transaction names",
        "pg_relation_size": "shows a size",
        "pg_safe_snapshot_blocking_pids": "shows who blocks whom",
        "pg_sequence_last_value": "shows a sequence's state",
        "pg_stat_get_recovery_prefetch": "shows counters",
        "pg_stat_get_xact_blocks_fetched": "shows counters",
        "pg_stat_get_xact_blocks_hit": "shows counters",
        "pg_stat_get_xact_function_calls": "shows counters",
        "pg_stat_get_xact_function_self_time": "shows counters",
        "pg_stat_get_xact_function_total_time": "shows counters",
        "pg_stat_get_xact_numscans": "shows counters",
        "pg_stat_get_xact_tuples_deleted": "shows counters",
        "pg_stat_get_xact_tuples_fetched": "shows counters",
        "pg_stat_get_xact_tuples_hot_updated": "shows counters",
        "pg_stat_get_xact_tuples_inserted": "shows counters",
        "pg_stat_get_xact_tuples_returned": "shows counters",
        "pg_stat_get_xact_tuples_updated": "shows counters",
        "pg_stat_have_stats": "tells whether counters exist",
        "pg_table_size": "shows a size",
        "pg_tablespace_size": "shows a size",
        "pg_total_relation_size": "shows a size",
        "pg_xact_commit_timestamp": "shows a time",
        "pg_xact_commit_timestamp_origin": "shows a time",
        "pg_xact_status": "shows a transaction's state",
        "random": "makes a random value",
        "setseed": "changes what random gives this session next, and nothing else",
        "timeofday": "tells the time",
        "txid_status": "shows a transaction's state",
    ]

    /// Type names that are written as functions: a cast.
    static let typeNames: Set<String> = ["regproc", "regprocedure", "regtype"]

    /// Functions that PostgreSQL 15 does not have and a later version does, with that version's number.
    static let versions: [(version: Int, names: String)] = [
        (
            16,
            """
            any_value array_sample array_shuffle date_add date_subtract erf erfc pg_input_error_info pg_input_is_valid \
            random_normal system_user
            """
        ),
        (
            17,
            """
            pg_basetype to_bin to_oct to_regtypemod uuid_extract_timestamp uuid_extract_version xmltext
            """
        ),
        (18, "array_reverse array_sort casefold crc32 crc32c uuidv4 uuidv7"),
    ]

    static let ofLaterVersions: Set<String> = words(versions.map(\.names).joined(separator: " "))

    /// Functions of extensions: hstore, pg_trgm, fuzzystrmatch, unaccent, uuid-ossp.
    static let ofExtensions: Set<String> = words(
        """
        akeys avals hstore levenshtein metaphone similarity skeys soundex svals unaccent uuid_generate_v4 word_similarity
        """)
}
