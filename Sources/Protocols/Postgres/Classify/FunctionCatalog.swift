/// What calling a function by name means. Names are folded as the parser folds them.
enum FunctionEffect {
    /// Computes from its arguments or reads the catalog.
    case safe
    /// Changes stored state: sequences.
    case write
    case lock
    case notify
    /// Changes a setting: judged by its arguments.
    case setting
    /// Not known, or reaches files, the network, other sessions, or SQL given as text.
    case call

    init(name: [String]) {
        guard let last = name.last else {
            self = .call
            return
        }
        if name.count == 2, name[0] == "information_schema" {
            self = .safe
            return
        }
        guard name.count == 1 || name.count == 2 && name[0] == "pg_catalog" else {
            self = .call
            return
        }
        switch last {
        case "nextval", "setval": self = .write
        case "set_config": self = .setting
        case "pg_notify": self = .notify
        case _ where last.hasPrefix("pg_advisory_") || last.hasPrefix("pg_try_advisory_"): self = .lock
        case _ where FunctionCatalog.isSafe(last): self = .safe
        default: self = .call
        }
    }
}

/// Built-in functions of PostgreSQL that neither change state nor reach outside the statement.
enum FunctionCatalog {
    static func isSafe(_ name: String) -> Bool {
        safe.contains(name) || prefixes.contains { name.hasPrefix($0) }
            || name.hasPrefix("has_") && name.hasSuffix("_privilege")
    }

    /// Functions that take any one value, so that `t.to_jsonb` on a table calls them with the whole row
    /// (PostgreSQL manual, 8.16.5: functional notation and attribute notation are equivalent).
    static let takesAnyValue: Set<String> = [
        "any_value", "array_agg", "array_append", "concat", "count", "first_value", "format", "hash_record", "json_agg",
        "json_build_array", "json_build_object", "jsonb_agg", "jsonb_build_array", "jsonb_build_object", "lag",
        "last_value", "lead", "max", "min", "mode", "num_nonnulls", "num_nulls", "pg_column_size", "pg_typeof",
        "quote_literal", "quote_nullable", "record_out", "record_send", "row_to_json", "string_agg", "text", "to_json",
        "to_jsonb", "unnest", "xmlagg",
    ]

    private static let prefixes = ["pg_get_", "pg_stat_get_"]

    private static let safe: Set<String> = Set(
        (strings + numbers + times + documents + arrays + aggregates + catalog).split(separator: " ").map(String.init))

    private static let strings = """
        ascii bit_length btrim casefold char_length character_length chr concat concat_ws convert convert_from \
        convert_to decode encode format initcap left length lower lpad ltrim md5 normalize is_normalized octet_length \
        overlay parse_ident position quote_ident quote_literal quote_nullable regexp_count regexp_instr regexp_like \
        regexp_match regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table regexp_substr repeat \
        replace reverse right rpad rtrim sha224 sha256 sha384 sha512 split_part starts_with string_to_array \
        string_to_table strpos substr substring to_ascii to_hex to_bin to_oct translate trim unistr upper like notlike \
        like_escape similar_to_escape similar_escape bpcharlike texteq textcat get_bit get_byte set_bit set_byte \
        bit_count crc32 crc32c name text bpchar varchar hashtext hashtextextended to_tsvector to_tsquery \
        plainto_tsquery phraseto_tsquery websearch_to_tsquery ts_headline ts_rank ts_rank_cd ts_delete ts_filter \
        numnode querytree setweight strip tsvector_to_array array_to_tsvector tsquery_phrase ts_debug ts_lexize \
        ts_parse ts_token_type json_to_tsvector jsonb_to_tsvector similarity word_similarity levenshtein soundex \
        metaphone unaccent
        """ + " "
    private static let numbers = """
        int2 int4 int8 float4 float8 abs acos acosd acosh asin asind asinh atan atan2 atan2d atand atanh cbrt ceil ceiling cos cosd cosh cot cotd \
        degrees div erf erfc exp factorial floor gcd lcm ln log log10 min_scale mod numeric pi pow power radians \
        random random_normal round scale sign sin sind sinh sqrt tan tand tanh trim_scale trunc width_bucket money \
        generate_series to_char to_number setseed gen_random_uuid uuid_generate_v4 uuidv4 uuidv7 uuid_extract_version \
        uuid_extract_timestamp area center diameter height width radius isclosed isopen npoints pclose popen slope \
        point box circle line lseg path polygon bound_box diagonal abbrev broadcast family host hostmask inet_merge \
        inet_same_family masklen netmask network set_masklen macaddr8_set7bit isempty lower_inc upper_inc lower_inf \
        upper_inf range_merge multirange int4range int8range numrange tsrange tstzrange daterange int4multirange \
        int8multirange nummultirange tsmultirange tstzmultirange datemultirange
        """ + " "
    private static let times = """
        age clock_timestamp current_date date date_add date_bin date_part date_subtract date_trunc extract isfinite \
        justify_days justify_hours justify_interval make_date make_interval make_time make_timestamp make_timestamptz \
        now statement_timestamp timeofday timezone to_date to_timestamp transaction_timestamp overlaps time timetz \
        timestamp timestamptz interval
        """ + " "
    private static let documents = """
        json_array_elements json_array_elements_text json_array_length json_build_array json_build_object json_each \
        json_each_text json_extract_path json_extract_path_text json_object json_object_keys json_populate_record \
        json_populate_recordset json_strip_nulls json_to_record json_to_recordset jsonb_array_elements \
        jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object jsonb_each jsonb_each_text \
        jsonb_extract_path jsonb_extract_path_text jsonb_object jsonb_object_keys jsonb_path_exists \
        jsonb_path_exists_tz jsonb_path_match jsonb_path_match_tz jsonb_path_query jsonb_path_query_tz \
        jsonb_path_query_array jsonb_path_query_array_tz jsonb_path_query_first jsonb_path_query_first_tz \
        jsonb_populate_record jsonb_populate_recordset jsonb_strip_nulls jsonb_to_record jsonb_to_recordset \
        to_json to_jsonb row_to_json array_to_json json_typeof jsonb_typeof jsonb_set jsonb_set_lax jsonb_insert \
        jsonb_delete jsonb_delete_path jsonb_pretty jsonb_concat jsonb_contains jsonb_exists jsonb_exists_any \
        jsonb_exists_all json_scalar json_serialize json_value json_query json_exists xmlcomment xmlconcat xmlforest \
        xpath xpath_exists xml_is_well_formed xml_is_well_formed_document xml_is_well_formed_content xmlexists xmltext \
        hstore akeys avals skeys svals
        """ + " "
    private static let arrays = """
        array_append array_cat array_dims array_fill array_length array_lower array_ndims array_position \
        array_positions array_prepend array_remove array_replace array_reverse array_sample array_shuffle array_sort \
        array_to_string array_upper cardinality trim_array unnest generate_subscripts num_nonnulls num_nulls arraycontains \
        arrayoverlap
        """ + " "
    private static let aggregates = """
        any_value array_agg avg bit_and bit_or bit_xor bool_and bool_or count every json_agg jsonb_agg json_object_agg \
        jsonb_object_agg max min range_agg range_intersect_agg string_agg sum xmlagg regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx \
        regr_sxy regr_syy corr covar_pop covar_samp stddev \
        stddev_pop stddev_samp variance var_pop var_samp mode percentile_cont percentile_disc rank dense_rank \
        percent_rank cume_dist row_number ntile lag lead first_value last_value nth_value grouping
        """ + " "
    private static let catalog = """
        array_in col_description current_catalog current_database current_query current_role current_schema \
        current_schemas current_setting current_user currval lastval format_type inet_client_addr inet_client_port \
        inet_server_addr inet_server_port obj_description shobj_description session_user system_user user version \
        getdatabaseencoding pg_backend_pid pg_blocking_pids pg_char_to_encoding pg_client_encoding \
        pg_collation_for pg_collation_actual_version pg_collation_is_visible pg_column_compression pg_column_size \
        pg_conf_load_time pg_conversion_is_visible pg_database_size pg_describe_object pg_encoding_to_char \
        pg_encoding_max_length pg_event_trigger_table_rewrite_oid pg_filenode_relation pg_function_is_visible \
        pg_has_role pg_identify_object pg_identify_object_as_address pg_index_column_has_property \
        pg_index_has_property pg_indexam_has_property pg_indexes_size pg_is_in_recovery pg_is_other_temp_schema \
        pg_jit_available pg_last_committed_xact pg_last_wal_receive_lsn pg_last_wal_replay_lsn \
        pg_last_xact_replay_timestamp pg_listening_channels pg_lock_status pg_my_temp_schema pg_opclass_is_visible \
        pg_operator_is_visible pg_opfamily_is_visible pg_options_to_table pg_partition_ancestors pg_partition_root \
        pg_partition_tree pg_postmaster_start_time pg_prepared_statement pg_prepared_xact pg_cursor pg_relation_filenode \
        pg_relation_is_publishable pg_relation_is_updatable pg_relation_filepath pg_relation_size pg_sequence_last_value \
        pg_sequence_parameters pg_settings_get_flags pg_show_all_settings pg_size_bytes pg_size_pretty \
        pg_statistics_obj_is_visible pg_table_is_visible pg_table_size pg_tablespace_databases pg_tablespace_location \
        pg_tablespace_size pg_timezone_abbrevs pg_timezone_names pg_total_relation_size pg_trigger_depth \
        pg_ts_config_is_visible pg_ts_dict_is_visible pg_ts_parser_is_visible pg_ts_template_is_visible \
        pg_type_is_visible pg_typeof pg_xact_commit_timestamp pg_current_wal_lsn pg_current_snapshot pg_current_xact_id \
        pg_current_xact_id_if_assigned pg_snapshot_xmin pg_snapshot_xmax pg_visible_in_snapshot pg_wal_lsn_diff \
        pg_sequence_read_tuple row_security_active to_regclass to_regcollation to_regnamespace to_regoper \
        to_regoperator to_regproc to_regprocedure to_regrole to_regtype to_regtypemod txid_current \
        txid_current_if_assigned txid_current_snapshot txid_snapshot_xmin txid_snapshot_xmax txid_visible_in_snapshot \
        aclexplode acldefault makeaclitem aclitemin oid regclass regtype regproc regprocedure is_distinct nullif \
        coalesce greatest least boolin oidin oidvectortypes amvalidate pg_get_expr pg_input_is_valid pg_input_error_info \
        pg_basetype pg_nextoid_is_unused
        """

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
