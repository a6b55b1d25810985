/// What a function reaches that a statement's text does not show; told beside `call`.
enum Reach: String, CaseIterable {
    case file = "call.file"
    case network = "call.network"
    /// Other sessions, replication and the server as a whole.
    case session = "call.session"
    /// Runs SQL that is given as text, or whole tables by their name.
    case sql = "call.sql"

    /// nil for functions that are not known to reach anything. Names count in every schema: extensions live in any.
    init?(function name: String) {
        guard let reach = Self.byName[name] ?? Self.byPrefix.first(where: { name.hasPrefix($0.0) })?.1 else {
            return nil
        }
        self = reach
    }

    /// All functions that are known by their whole name.
    static let byName: [String: Reach] = {
        var result: [String: Reach] = [:]
        for (reach, names) in [(file, files), (network, networks), (session, sessions), (sql, texts)] {
            for name in FunctionCatalog.words(names) { result[name] = reach }
        }
        return result
    }()

    /// Families whose newer members must not be missed. The whole name goes first.
    private static let byPrefix: [(String, Reach)] = [
        ("pg_read_", file), ("pg_ls_", file), ("pg_file_", file), ("pg_logdir_", file), ("pg_stat_file", file),
        ("pg_get_wal_record", file), ("pg_get_wal_stats", file), ("pg_get_wal_block", file), ("lo_import", file),
        ("lo_export", file), ("file_fdw_", file), ("pg_control_", file), ("dblink", network),
        ("postgres_fdw_", network), ("http_", network), ("aws_", network), ("pg_logical_", session),
        ("pg_replication_", session), ("pg_wal_replay_", session), ("pg_stat_reset", session),
        ("pg_create_", session), ("pg_drop_replication_", session), ("pg_copy_", session), ("pg_backup_", session),
        ("pg_start_backup", session), ("pg_stop_backup", session), ("binary_upgrade_", session), ("query_to_", sql),
        ("table_to_", sql), ("schema_to_", sql), ("database_to_", sql), ("cursor_to_", sql), ("crosstab", sql),
    ]

    private static let files = """
        pg_read_file pg_read_file_old pg_read_binary_file pg_stat_file pg_ls_dir pg_ls_logdir pg_ls_waldir \
        pg_ls_archive_statusdir pg_ls_tmpdir pg_ls_replslotdir pg_ls_logicalmapdir pg_ls_logicalsnapdir lo_import \
        lo_export pg_current_logfile pg_show_all_file_settings pg_hba_file_rules pg_ident_file_mappings \
        pg_control_checkpoint pg_control_init pg_control_recovery pg_control_system pg_file_write pg_file_read \
        pg_file_rename pg_file_unlink pg_file_sync pg_logdir_ls file_fdw_handler file_fdw_validator \
        pg_get_wal_record_info pg_get_wal_records_info pg_get_wal_records_info_till_end_of_wal pg_get_wal_stats \
        pg_get_wal_stats_till_end_of_wal get_raw_page autoprewarm_dump_now xslt_process
        """
    private static let networks = """
        dblink dblink_connect dblink_connect_u dblink_disconnect dblink_open dblink_fetch dblink_close dblink_exec \
        dblink_send_query dblink_is_busy dblink_get_result dblink_cancel_query dblink_error_message dblink_get_notify \
        dblink_get_connections dblink_get_pkey dblink_current_query dblink_build_sql_insert dblink_build_sql_delete \
        dblink_build_sql_update dblink_fdw_validator postgres_fdw_handler postgres_fdw_validator \
        postgres_fdw_get_connections postgres_fdw_disconnect postgres_fdw_disconnect_all http
        """
    private static let sessions = """
        pg_terminate_backend pg_cancel_backend pg_reload_conf pg_rotate_logfile pg_rotate_logfile_old pg_promote \
        pg_switch_wal pg_create_restore_point pg_log_backend_memory_contexts pg_export_snapshot pg_logical_emit_message \
        pg_backup_start pg_backup_stop pg_create_physical_replication_slot pg_create_logical_replication_slot \
        pg_copy_physical_replication_slot pg_copy_logical_replication_slot pg_drop_replication_slot \
        pg_logical_slot_get_changes pg_logical_slot_get_binary_changes pg_logical_slot_peek_changes \
        pg_logical_slot_peek_binary_changes pg_replication_slot_advance pg_replication_origin_create \
        pg_replication_origin_drop pg_replication_origin_advance pg_replication_origin_progress \
        pg_replication_origin_session_setup pg_replication_origin_session_reset \
        pg_replication_origin_session_is_setup pg_replication_origin_session_progress \
        pg_replication_origin_xact_setup pg_replication_origin_xact_reset pg_show_replication_origin_status \
        pg_wal_replay_pause pg_wal_replay_resume pg_stat_reset pg_stat_reset_shared pg_stat_reset_slru \
        pg_stat_reset_single_table_counters pg_stat_reset_single_function_counters pg_stat_reset_replication_slot \
        pg_stat_reset_subscription_stats pg_stat_statements_reset pg_sync_replication_slots pg_stat_get_activity \
        pg_stat_get_backend_activity pg_stat_statements autoprewarm_start_worker
        """
    private static let texts = """
        query_to_xml query_to_xmlschema query_to_xml_and_xmlschema table_to_xml table_to_xmlschema \
        table_to_xml_and_xmlschema schema_to_xml schema_to_xmlschema schema_to_xml_and_xmlschema database_to_xml \
        database_to_xmlschema database_to_xml_and_xmlschema cursor_to_xml cursor_to_xmlschema crosstab crosstab2 \
        crosstab3 crosstab4 connectby xpath_table ts_stat ts_rewrite
        """
}
