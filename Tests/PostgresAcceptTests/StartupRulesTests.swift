import NIOCore
@testable import PostgresAccept
import PostgresWire
import Testing

@Suite("Startup rules")
struct StartupRulesTests {
    private func message(_ parameters: [(name: String, value: String)], minor: Int32 = 0) throws -> StartupMessage {
        var buffer = FrontendEncoder.startup(parameters)
        buffer.setInteger(Int32(196_608) + minor, at: 4)
        guard case .startup(let message)? = try StartupPacket.decode(&buffer) else {
            throw WireError("not a startup message")
        }
        return message
    }

    private func rules(_ parameters: [(String, String)], minor: Int32 = 0) throws -> StartupRules {
        try StartupRules(
            try message([(name: "user", value: "app")] + parameters.map { (name: $0.0, value: $0.1) }, minor: minor))
    }

    private func refusal(_ parameters: [(String, String)]) throws -> String? {
        do {
            _ = try rules(parameters)
            return nil
        } catch let failure as SessionFailure {
            #expect(failure.notice.severity == .fatal)
            return failure.notice.sqlState
        }
    }

    @Test func theDatabaseIsTheUsersNameWhenNoneIsNamed() throws {
        #expect(try rules([]).database == "app")
        #expect(try rules([("database", "")]).database == "app")
        #expect(try rules([("database", "orders")]).database == "orders")
        #expect(try rules([("database", "orders")]).user == "app")
    }

    @Test func aUserIsNeeded() throws {
        for parameters in [[], [(name: "user", value: "")], [(name: "USER", value: "app")]] {
            let message = try message(parameters)
            #expect(throws: SessionFailure.self) { try StartupRules(message) }
        }
    }

    @Test func harmlessSettingsAreForwarded() throws {
        let rules = try rules([
            ("application_name", "psql"), ("DateStyle", "ISO"), ("TimeZone", "UTC"), ("client_encoding", "UTF8"),
            ("extra_float_digits", "2"), ("database", "orders"),
        ])
        #expect(
            rules.forwarded.map(\.name) == [
                "application_name", "datestyle", "timezone", "client_encoding", "extra_float_digits",
            ])
        #expect(rules.forwarded.map(\.value) == ["psql", "ISO", "UTC", "UTF8", "2"])
    }

    @Test(arguments: [
        "search_path", "role", "session_authorization", "standard_conforming_strings", "backslash_quote",
        "row_security",
        "session_preload_libraries", "local_preload_libraries", "SEARCH_PATH", "x", "", " application_name",
    ]) func otherSettingsAreRefused(name: String) throws {
        guard !name.isEmpty else { return }
        #expect(try refusal([(name, "on")]) == "42501")
    }

    @Test(arguments: ["-c search_path=evil", "-csearch_path=evil", "--role=postgres", " -c a=b", "x"])
    func optionsAreRefused(options: String) throws {
        #expect(try refusal([("options", options)]) == "42501")
        #expect(try refusal([("OPTIONS", options)]) == "42501")
    }

    @Test func emptyOptionsAreDropped() throws {
        for options in ["", " ", "\t\n"] { #expect(try rules([("options", options)]).forwarded.isEmpty) }
    }

    @Test(arguments: ["true", "on", "yes", "1", "database", "DATABASE", "t", "", "of"])
    func replicationIsRefused(value: String) throws {
        #expect(try refusal([("replication", value)]) == "0A000")
    }

    @Test(arguments: ["false", "off", "OFF", "no", "0"]) func noReplicationIsFine(value: String) throws {
        #expect(try rules([("replication", value)]).forwarded.isEmpty)
    }

    /// A name in another case is not what the target would be asked for, and must not get there.
    @Test func oddlyWrittenNamesDoNotReachTheTarget() throws {
        #expect(try rules([("Replication", "database"), ("Database", "x"), ("USER", "postgres")]).forwarded.isEmpty)
    }

    @Test(arguments: [
        "UTF8", "utf-8", "UTF_8", "unicode", "SQL_ASCII",
    ]) func encodingsThatAreReadAsTheyWereJudged(encoding: String) throws {
        #expect(StartupRules.isSafe(encoding: encoding))
        #expect(try refusal([("client_encoding", encoding)]) == nil)
    }

    @Test(arguments: [
        "SJIS", "shift_jis", "BIG5", "GBK", "GB18030", "UHC", "JOHAB", "SHIFT_JIS_2004", "MULE_INTERNAL", "auto", "",
        "'UTF8', x", "LATIN1", "ISO_8859_5", "ISO-8859-15", "WIN1252", "EUC_JP", "KOI8R",
    ]) func otherEncodingsAreRefused(encoding: String) throws {
        #expect(!StartupRules.isSafe(encoding: encoding))
        #expect(try refusal([("client_encoding", encoding)]) == "0A000")
        #expect(try refusal([("Client_Encoding", encoding)]) == "0A000")
    }

    @Test func settingsOfTheTargetThatMakeItReadOtherwise() {
        #expect(StartupRules.objection(toSetting: "standard_conforming_strings", value: "on") == nil)
        #expect(StartupRules.objection(toSetting: "standard_conforming_strings", value: "off") != nil)
        #expect(StartupRules.objection(toSetting: "standard_conforming_strings", value: "") != nil)
        #expect(StartupRules.objection(toSetting: "client_encoding", value: "UTF8") == nil)
        #expect(StartupRules.objection(toSetting: "client_encoding", value: "SJIS") != nil)
        #expect(StartupRules.objection(toSetting: "TimeZone", value: "Mars") == nil)
    }

    @Test func protocolVersionsAndOptions() throws {
        #expect(try rules([], minor: 0).minorVersion == 0)
        #expect(try rules([], minor: 2).minorVersion == 2)
        #expect(try rules([], minor: 9999).minorVersion == 2)
        let rules = try rules([("_pq_.compression", "zstd"), ("application_name", "x"), ("_pq_.y", "")])
        #expect(rules.unknownOptions == ["_pq_.compression", "_pq_.y"])
        #expect(rules.forwarded.map(\.name) == ["application_name"])
    }
}
