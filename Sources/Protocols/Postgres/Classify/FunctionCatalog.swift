import CPgQuery

/// What calling a function by name means. Names are folded as the parser folds them.
enum FunctionEffect {
    /// Computes from its arguments or reads the catalog.
    case safe
    /// Changes stored state: sequences, large objects.
    case write
    case lock
    case notify
    /// Changes a setting: judged by its arguments.
    case setting
    /// Not known, or reaches what is told beside it.
    case call(Reach?)

    init(name: [String]) {
        guard let last = name.last else {
            self = .call(nil)
            return
        }
        // Extensions live in any schema.
        if let reach = Reach(function: last) {
            self = .call(reach)
            return
        }
        if name.count == 2, name[0] == "information_schema" {
            self = FunctionCatalog.informationSchema.contains(last) ? .safe : .call(nil)
            return
        }
        guard name.count == 1 || name.count == 2 && name[0] == "pg_catalog" else {
            self = .call(nil)
            return
        }
        switch last {
        case "set_config": self = .setting
        case "pg_notify": self = .notify
        case _ where FunctionCatalog.writing.contains(last): self = .write
        case _ where last.hasPrefix("pg_advisory_") || last.hasPrefix("pg_try_advisory_"): self = .lock
        case _ where FunctionCatalog.isSafe(last): self = .safe
        default: self = .call(nil)
        }
    }
}

/// Built-in functions of PostgreSQL that neither change state nor reach outside the statement.
enum FunctionCatalog {
    static func isSafe(_ name: String) -> Bool { safe.contains(name) }

    /// Sequences, and large objects through the functions that change them.
    static let writing: Set<String> = [
        "nextval", "setval", "lo_creat", "lo_create", "lo_from_bytea", "lo_put", "lo_truncate", "lo_truncate64",
        "lo_unlink", "lowrite",
    ]

    /// Functions that change nothing, and from whose effect on the session their argument can be told later.
    static let keeping: Set<String> = ["setseed"]

    /// The functions that information_schema's views are made of.
    static let informationSchema: Set<String> = [
        "_pg_char_max_length", "_pg_char_octet_length", "_pg_datetime_precision", "_pg_expandarray",
        "_pg_index_position", "_pg_interval_type", "_pg_numeric_precision", "_pg_numeric_precision_radix",
        "_pg_numeric_scale", "_pg_truetypid", "_pg_truetypmod",
    ]

    /// Functions that take any one value, so that `t.to_jsonb` on a table calls them with the whole row
    /// (PostgreSQL manual, 8.16.5: functional notation and attribute notation are equivalent).
    static let takesAnyValue: Set<String> = [
        "any_value", "array_agg", "array_append", "concat", "count", "first_value", "format", "hash_record", "json_agg",
        "json_build_array", "json_build_object", "jsonb_agg", "jsonb_build_array", "jsonb_build_object", "lag",
        "last_value", "lead", "max", "min", "mode", "num_nonnulls", "num_nulls", "pg_column_size", "pg_typeof",
        "quote_literal", "quote_nullable", "record_out", "record_send", "row_to_json", "string_agg", "text", "to_json",
        "to_jsonb", "unnest", "xmlagg",
    ]

    private static let safe: Set<String> = stable.union(reviewed.keys).union(typeNames).union(ofLaterVersions).union(
        ofExtensions)

    /// Functions of PostgreSQL 15 that it calls immutable or stable itself.
    static let stable: Set<String> = words(
        strings + numbers + times + documents + arrays + aggregates + catalog + privileges + definitions + statistics)

    static func words(_ text: String) -> Set<String> { Set(text.split(separator: " ").map(String.init)) }

    private static let strings = """
        ascii bit_length btrim char_length character_length chr concat concat_ws convert convert_from convert_to \
        decode encode format initcap left length lower lpad ltrim md5 normalize is_normalized octet_length overlay \
        parse_ident position quote_ident quote_literal quote_nullable regexp_count regexp_instr regexp_like \
        regexp_match regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table regexp_substr repeat \
        replace reverse right rpad rtrim sha224 sha256 sha384 sha512 split_part starts_with string_to_array \
        string_to_table strpos substr substring to_ascii to_hex translate unistr upper like notlike like_escape \
        similar_to_escape similar_escape bpcharlike texteq textcat get_bit get_byte set_bit set_byte bit_count name \
        text bpchar varchar hashtext hashtextextended to_tsvector to_tsquery plainto_tsquery phraseto_tsquery \
        websearch_to_tsquery ts_headline ts_rank ts_rank_cd ts_delete ts_filter numnode querytree setweight strip \
        tsvector_to_array array_to_tsvector tsquery_phrase ts_debug ts_lexize ts_parse ts_token_type \
        json_to_tsvector jsonb_to_tsvector textlen bit varbit xml
        """ + " "
    private static let numbers = """
        int2 int4 int8 float4 float8 abs acos acosd acosh asin asind asinh atan atan2 atan2d atand atanh cbrt ceil \
        ceiling cos cosd cosh cot cotd degrees div exp factorial floor gcd lcm ln log log10 min_scale mod numeric pi \
        pow power radians round scale sign sin sind sinh sqrt tan tand tanh trim_scale trunc width_bucket money \
        generate_series to_char to_number area center diameter height width radius isclosed isopen npoints pclose \
        popen slope point box circle line lseg path polygon bound_box diagonal abbrev broadcast family host hostmask \
        inet_merge inet_same_family masklen netmask network set_masklen macaddr8_set7bit isempty lower_inc upper_inc \
        lower_inf upper_inf range_merge multirange int4range int8range numrange tsrange tstzrange daterange \
        int4multirange int8multirange nummultirange tsmultirange tstzmultirange datemultirange bool pg_lsn xid cidr \
        macaddr macaddr8 cash_words in_range
        """ + " "
    private static let times = """
        age date date_bin date_part date_trunc extract isfinite justify_days justify_hours justify_interval \
        make_date make_interval make_time make_timestamp make_timestamptz now statement_timestamp timezone to_date \
        to_timestamp transaction_timestamp overlaps time timetz timestamp timestamptz interval
        """ + " "
    private static let documents = """
        json_array_elements json_array_elements_text json_array_length json_build_array json_build_object json_each \
        json_each_text json_extract_path json_extract_path_text json_object json_object_keys json_populate_record \
        json_populate_recordset json_strip_nulls json_to_record json_to_recordset jsonb_array_elements \
        jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object jsonb_each jsonb_each_text \
        jsonb_extract_path jsonb_extract_path_text jsonb_object jsonb_object_keys jsonb_path_exists \
        jsonb_path_exists_tz jsonb_path_match jsonb_path_match_tz jsonb_path_query jsonb_path_query_tz \
        jsonb_path_query_array jsonb_path_query_array_tz jsonb_path_query_first jsonb_path_query_first_tz \
        jsonb_populate_record jsonb_populate_recordset jsonb_strip_nulls jsonb_to_record jsonb_to_recordset to_json \
        to_jsonb row_to_json array_to_json json_typeof jsonb_typeof jsonb_set jsonb_set_lax jsonb_insert \
        jsonb_delete jsonb_delete_path jsonb_pretty jsonb_concat jsonb_contains jsonb_exists jsonb_exists_any \
        jsonb_exists_all xmlcomment xpath xpath_exists xml_is_well_formed xml_is_well_formed_document \
        xml_is_well_formed_content xmlexists xmlvalidate json_array_element json_object_field json_object_field_text
        """ + " "
    private static let arrays = """
        array_append array_cat array_dims array_fill array_length array_lower array_ndims array_position \
        array_positions array_prepend array_remove array_replace array_to_string array_upper cardinality trim_array \
        unnest generate_subscripts num_nonnulls num_nulls arraycontains arrayoverlap enum_first enum_last enum_range \
        arraycontained elem_contained_by_range range_adjacent range_contains range_contains_elem range_contained_by \
        range_overlaps range_before range_after range_union range_intersect range_minus
        """ + " "
    private static let aggregates = """
        array_agg avg bit_and bit_or bit_xor bool_and bool_or count every json_agg jsonb_agg json_object_agg \
        jsonb_object_agg max min range_agg range_intersect_agg string_agg sum xmlagg regr_avgx regr_avgy regr_count \
        regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy corr covar_pop covar_samp stddev stddev_pop \
        stddev_samp variance var_pop var_samp mode percentile_cont percentile_disc rank dense_rank percent_rank \
        cume_dist row_number ntile lag lead first_value last_value nth_value
        """ + " "
    private static let catalog = """
        array_in col_description current_database current_schema current_schemas current_setting current_user \
        format_type inet_client_addr inet_client_port inet_server_addr inet_server_port obj_description \
        shobj_description session_user version getdatabaseencoding pg_backend_pid pg_char_to_encoding \
        pg_client_encoding pg_collation_for pg_collation_is_visible pg_column_compression pg_column_size \
        pg_conf_load_time pg_conversion_is_visible pg_describe_object pg_encoding_to_char pg_encoding_max_length \
        pg_event_trigger_table_rewrite_oid pg_filenode_relation pg_function_is_visible pg_has_role \
        pg_identify_object pg_identify_object_as_address pg_index_column_has_property pg_index_has_property \
        pg_indexam_has_property pg_is_other_temp_schema pg_listening_channels pg_my_temp_schema \
        pg_opclass_is_visible pg_operator_is_visible pg_opfamily_is_visible pg_options_to_table pg_partition_root \
        pg_postmaster_start_time pg_prepared_statement pg_cursor pg_relation_filenode pg_relation_is_publishable \
        pg_relation_is_updatable pg_relation_filepath pg_sequence_parameters pg_settings_get_flags \
        pg_show_all_settings pg_size_bytes pg_size_pretty pg_statistics_obj_is_visible pg_table_is_visible \
        pg_tablespace_databases pg_tablespace_location pg_timezone_abbrevs pg_timezone_names pg_trigger_depth \
        pg_ts_config_is_visible pg_ts_dict_is_visible pg_ts_parser_is_visible pg_ts_template_is_visible \
        pg_type_is_visible pg_typeof pg_current_snapshot pg_current_xact_id pg_current_xact_id_if_assigned \
        pg_snapshot_xmin pg_snapshot_xmax pg_visible_in_snapshot pg_wal_lsn_diff row_security_active to_regclass \
        to_regcollation to_regnamespace to_regoper to_regoperator to_regproc to_regprocedure to_regrole to_regtype \
        txid_current txid_current_if_assigned txid_current_snapshot txid_snapshot_xmin txid_snapshot_xmax \
        txid_visible_in_snapshot aclexplode acldefault makeaclitem aclitemin oid regclass boolin oidin \
        oidvectortypes pg_get_expr get_current_ts_config mxid_age pg_available_extensions \
        pg_available_extension_versions pg_column_is_updatable pg_config pg_event_trigger_ddl_commands \
        pg_event_trigger_dropped_objects pg_event_trigger_table_rewrite_reason pg_extension_update_paths \
        pg_indexam_progress_phasename pg_snapshot_xip pg_walfile_name \
        pg_walfile_name_offset txid_snapshot_xip satisfies_hash_partition
        """ + " "

    private static let privileges = """
        has_any_column_privilege has_column_privilege has_database_privilege has_foreign_data_wrapper_privilege \
        has_function_privilege has_language_privilege has_parameter_privilege has_schema_privilege \
        has_sequence_privilege has_server_privilege has_table_privilege has_tablespace_privilege has_type_privilege
        """ + " "
    private static let definitions = """
        pg_get_catalog_foreign_keys pg_get_constraintdef pg_get_expr pg_get_function_arg_default \
        pg_get_function_arguments pg_get_function_identity_arguments pg_get_function_result pg_get_function_sqlbody \
        pg_get_functiondef pg_get_indexdef pg_get_keywords pg_get_object_address pg_get_partition_constraintdef \
        pg_get_partkeydef pg_get_publication_tables pg_get_replica_identity_index pg_get_replication_slots \
        pg_get_ruledef pg_get_serial_sequence pg_get_statisticsobjdef pg_get_statisticsobjdef_columns \
        pg_get_statisticsobjdef_expressions pg_get_triggerdef pg_get_userbyid pg_get_viewdef
        """ + " "
    private static let statistics = """
        pg_stat_get_analyze_count pg_stat_get_archiver pg_stat_get_autoanalyze_count pg_stat_get_autovacuum_count \
        pg_stat_get_backend_activity_start pg_stat_get_backend_client_addr pg_stat_get_backend_client_port \
        pg_stat_get_backend_dbid pg_stat_get_backend_idset pg_stat_get_backend_pid pg_stat_get_backend_start \
        pg_stat_get_backend_userid pg_stat_get_backend_wait_event pg_stat_get_backend_wait_event_type \
        pg_stat_get_backend_xact_start pg_stat_get_bgwriter_buf_written_checkpoints \
        pg_stat_get_bgwriter_buf_written_clean pg_stat_get_bgwriter_maxwritten_clean \
        pg_stat_get_bgwriter_requested_checkpoints pg_stat_get_bgwriter_stat_reset_time \
        pg_stat_get_bgwriter_timed_checkpoints pg_stat_get_blocks_fetched pg_stat_get_blocks_hit \
        pg_stat_get_buf_alloc pg_stat_get_buf_fsync_backend pg_stat_get_buf_written_backend \
        pg_stat_get_checkpoint_sync_time pg_stat_get_checkpoint_write_time pg_stat_get_db_active_time \
        pg_stat_get_db_blk_read_time pg_stat_get_db_blk_write_time pg_stat_get_db_blocks_fetched \
        pg_stat_get_db_blocks_hit pg_stat_get_db_checksum_failures pg_stat_get_db_checksum_last_failure \
        pg_stat_get_db_conflict_all pg_stat_get_db_conflict_bufferpin pg_stat_get_db_conflict_lock \
        pg_stat_get_db_conflict_snapshot pg_stat_get_db_conflict_startup_deadlock pg_stat_get_db_conflict_tablespace \
        pg_stat_get_db_deadlocks pg_stat_get_db_idle_in_transaction_time pg_stat_get_db_numbackends \
        pg_stat_get_db_session_time pg_stat_get_db_sessions pg_stat_get_db_sessions_abandoned \
        pg_stat_get_db_sessions_fatal pg_stat_get_db_sessions_killed pg_stat_get_db_stat_reset_time \
        pg_stat_get_db_temp_bytes pg_stat_get_db_temp_files pg_stat_get_db_tuples_deleted \
        pg_stat_get_db_tuples_fetched pg_stat_get_db_tuples_inserted pg_stat_get_db_tuples_returned \
        pg_stat_get_db_tuples_updated pg_stat_get_db_xact_commit pg_stat_get_db_xact_rollback \
        pg_stat_get_dead_tuples pg_stat_get_function_calls pg_stat_get_function_self_time \
        pg_stat_get_function_total_time pg_stat_get_ins_since_vacuum pg_stat_get_last_analyze_time \
        pg_stat_get_last_autoanalyze_time pg_stat_get_last_autovacuum_time pg_stat_get_last_vacuum_time \
        pg_stat_get_live_tuples pg_stat_get_mod_since_analyze pg_stat_get_numscans pg_stat_get_progress_info \
        pg_stat_get_replication_slot pg_stat_get_slru pg_stat_get_snapshot_timestamp pg_stat_get_subscription \
        pg_stat_get_subscription_stats pg_stat_get_tuples_deleted pg_stat_get_tuples_fetched \
        pg_stat_get_tuples_hot_updated pg_stat_get_tuples_inserted pg_stat_get_tuples_returned \
        pg_stat_get_tuples_updated pg_stat_get_vacuum_count pg_stat_get_wal pg_stat_get_wal_receiver \
        pg_stat_get_wal_senders
        """ + " "

    /// Whether an expression's operator runs no user's function.
    static func hasOwnOperator(_ expression: UnsafePointer<PgQuery__AExpr>) -> Bool {
        let count = expression.pointee.n_name
        if count == 1, let node = Message(expression.pointee.name?[0]), node.kind == .string,
            let text = node.pointer(to: PgQuery__String.self).pointee.sval, text[0] > 0, text[1] == 0
        {
            return shortOperators[Int(text[0])]
        }
        return isOwnOperator(names(count, expression.pointee.name))
    }

    static func isOwnOperator(_ name: [String]) -> Bool {
        let isBuiltIn = name.count == 1 || name.count == 2 && name[0] == CatalogIndex.system
        return isBuiltIn && operators.contains(name[name.count - 1])
    }

    /// Whether a name is that of a function of PostgreSQL which does more than compute: no column is called so by chance.
    static func isKnownToAct(_ name: String) -> Bool {
        switch FunctionEffect(name: [name]) {
        case .write, .lock, .notify, .setting: true
        case .call(let reach): reach != nil
        case .safe: false
        }
    }

    /// The operators of one character by its ASCII code.
    private static let shortOperators: [Bool] = (0..<128).map {
        operators.contains(String(UnicodeScalar(UInt8($0))))
    }

    /// Operators of PostgreSQL itself and of pg_trgm, hstore and pgvector; another may run a user's function.
    static let operators: Set<String> = [
        "+", "-", "*", "/", "%", "^", "|/", "||/", "@", "&", "|", "#", "~", "<<", ">>", "=", "<>", "!=", "<", ">", "<=",
        ">=", "||", "~~", "!~~", "~~*", "!~~*", "~*", "!~", "!~*", "^@", "@@", "@@@", "<@", "@>", "&&", "-|-", "&<",
        "&>", "&<|", "|&>", "<<|", "|>>", "<^", ">^", "?#", "?-", "?|", "?||", "?-|", "?&", "?", "->", "->>", "#>",
        "#>>", "#-", "@?", "##", "<->", "@-@", "~=", "*=", "*<>", "*<", "*<=", "*>", "*>=", "<<=", ">>=", "!!", "~<~",
        "~<=~", "~>~", "~>=~", "!~~~", "~~~", "<=>", "<#>", "<+>", "<%", "%>", "<<%", "%>>", "<<->", "<->>", "<<<->",
        "<->>>", "BETWEEN", "NOT BETWEEN", "BETWEEN SYMMETRIC", "NOT BETWEEN SYMMETRIC",
    ]
}
