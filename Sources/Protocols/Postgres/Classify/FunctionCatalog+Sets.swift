extension FunctionCatalog {
    /// Functions of PostgreSQL itself and of hstore that count as safe and give any number of rows: how many there
    /// are tells what their arguments are.
    static let setReturning: Set<String> = words(
        """
        _pg_expandarray aclexplode each generate_series generate_subscripts json_array_elements \
        json_array_elements_text json_each json_each_text json_object_keys json_populate_recordset json_to_recordset \
        jsonb_array_elements jsonb_array_elements_text jsonb_each jsonb_each_text jsonb_object_keys jsonb_path_query \
        jsonb_path_query_tz jsonb_populate_recordset jsonb_to_recordset pg_available_extension_versions \
        pg_available_extensions pg_available_wal_summaries pg_config pg_cursor pg_event_trigger_ddl_commands \
        pg_event_trigger_dropped_objects pg_extension_update_paths pg_get_backend_memory_contexts \
        pg_get_catalog_foreign_keys pg_get_keywords pg_get_multixact_members pg_get_publication_tables \
        pg_get_replication_slots pg_get_shmem_allocations pg_get_wal_resource_managers pg_listening_channels \
        pg_lock_status pg_mcv_list_items pg_options_to_table pg_partition_ancestors pg_partition_tree \
        pg_prepared_statement pg_prepared_xact pg_show_all_settings pg_snapshot_xip pg_stat_get_backend_idset \
        pg_stat_get_progress_info pg_stat_get_recovery_prefetch pg_stat_get_slru pg_stat_get_wal_senders \
        pg_tablespace_databases pg_timezone_abbrevs pg_timezone_names pg_wal_summary_contents regexp_matches \
        regexp_split_to_table skeys string_to_table svals ts_debug ts_parse ts_stat ts_token_type txid_snapshot_xip \
        unnest
        """)
}
