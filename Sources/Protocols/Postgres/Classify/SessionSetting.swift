/// What changing one run-time setting (`SET`, `RESET`, `set_config`) means for governance.
enum SessionSetting {
    /// Formatting, limits and the like: changes nothing about what a statement does.
    case harmless
    /// Changes how names resolve or what statements do.
    case session
    /// Changes whose permissions apply.
    case role
    /// Changes how the server reads the bytes of a statement, so that later ones could not be judged.
    case rereads(String)

    /// - Parameter value: the new value; nil for the default and for values that the text does not give.
    init(name: String, value: String?, toDefault: Bool = false) {
        let name = name.lowercased()
        switch name {
        case "role", "session_authorization":
            self = .role
        case "standard_conforming_strings":
            if let value, ["on", "true", "yes", "1", "t", "y"].contains(value.lowercased()) {
                self = .harmless
            } else if toDefault {
                self = .session
            } else {
                self = .rereads("standard_conforming_strings off changes where strings end")
            }
        case "client_encoding", "names":
            if toDefault {
                self = .session
            } else if let value, Self.safeEncodings.contains(Self.folded(value)) {
                self = .harmless
            } else {
                self = .rereads("this client_encoding changes where strings end: use UTF8")
            }
        case "search_path":
            let trimmed = value?.trimmingQuotes()
            self = trimmed == "" || trimmed == "pg_catalog" ? .harmless : .session
        default:
            self = Self.harmlessNames.contains(name) ? .harmless : .session
        }
    }

    private static func folded(_ encoding: String) -> String {
        String(encoding.lowercased().unicodeScalars.filter { ("a"..."z").contains($0) || ("0"..."9").contains($0) })
    }

    /// Encodings in which no byte of a multi-byte character is ASCII (PostgreSQL manual, table 24.2): the
    /// others (SJIS, BIG5, GBK, UHC, GB18030, JOHAB) can hide a backslash inside a character.
    private static let safeEncodings: Set<String> = [
        "utf8", "unicode", "sqlascii", "latin1", "latin2", "latin3", "latin4", "latin5", "latin6", "latin7", "latin8",
        "latin9", "latin10", "iso88591", "iso88592", "iso88593", "iso88594", "iso88595", "iso88596", "iso88597",
        "iso88598", "iso88599", "iso885910", "iso885913", "iso885914", "iso885915", "iso885916", "koi8", "koi8r",
        "koi8u", "win1250", "win1251", "win1252", "win1253", "win1254", "win1255", "win1256", "win1257", "win1258",
        "windows1250", "windows1251", "windows1252", "windows1253", "windows1254", "windows1255", "windows1256",
        "windows1257", "windows1258", "win866", "win874", "win", "alt", "abc", "tcvn", "euccn", "eucjp", "eucjis2004",
        "euckr", "euctw",
    ]

    private static let harmlessNames: Set<String> = [
        "application_name", "backslash_quote", "bytea_output", "client_min_messages", "cursor_tuple_fraction",
        "datestyle", "debug_pretty_print", "default_toast_compression", "default_transaction_deferrable",
        "default_transaction_isolation", "default_transaction_read_only", "effective_cache_size",
        "enable_async_append", "enable_bitmapscan", "enable_gathermerge", "enable_hashagg", "enable_hashjoin",
        "enable_incremental_sort", "enable_indexonlyscan", "enable_indexscan", "enable_material", "enable_memoize",
        "enable_mergejoin", "enable_nestloop", "enable_parallel_append", "enable_parallel_hash",
        "enable_partition_pruning", "enable_partitionwise_aggregate", "enable_partitionwise_join", "enable_seqscan",
        "enable_sort", "enable_tidscan", "escape_string_warning", "extra_float_digits", "force_parallel_mode",
        "from_collapse_limit", "geqo", "gin_fuzzy_search_limit", "idle_in_transaction_session_timeout",
        "idle_session_timeout", "intervalstyle", "jit", "join_collapse_limit", "lc_messages", "lc_monetary",
        "lc_numeric", "lc_time", "lock_timeout", "max_parallel_workers_per_gather", "plan_cache_mode",
        "quote_all_identifiers", "random_page_cost", "restrict_nonsystem_relation_kind", "row_security", "seed",
        "seq_page_cost", "statement_timeout", "synchronize_seqscans", "tcp_keepalives_count", "tcp_keepalives_idle",
        "tcp_keepalives_interval", "tcp_user_timeout", "timezone", "timezone_abbreviations", "transaction_deferrable",
        "transaction_isolation", "transaction_read_only", "transaction_timeout", "work_mem", "xmlbinary", "xmloption",
    ]
}

extension String {
    /// Without surrounding blanks, then without surrounding double quotes.
    fileprivate func trimmingQuotes() -> String {
        var text = self[...]
        while text.first == " " { text = text.dropFirst() }
        while text.last == " " { text = text.dropLast() }
        if text.count >= 2, text.first == "\"", text.last == "\"" { text = text.dropFirst().dropLast() }
        return String(text)
    }
}
