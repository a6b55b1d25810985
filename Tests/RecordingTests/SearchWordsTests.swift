import Testing

@testable import Recording

/// What a word is, and what a query looks for.
@Suite struct SearchWordsTests {
    private static func words(_ text: String) -> [String] { words(Array(text.utf8)) }

    private static func words(_ bytes: [UInt8]) -> [String] {
        var found: [String] = []
        var scanner = SearchWords()
        scanner.forEach(bytes) { word, _ in found.append(String(decoding: word, as: UTF8.self)) }
        return found
    }

    @Test func wordsOfStatements() {
        for (text, expected) in [
            ("SELECT * FROM public.order_items", ["select", "from", "public", "order_items"]),
            (#"DROP TABLE "Weird Name""#, ["drop", "table", "weird", "name"]),
            ("x='it''s' AND n=-12.5e3", ["x", "it", "s", "and", "n", "12", "5e3"]),
            ("jane.doe+x@Example.com", ["jane", "doe", "x", "example", "com"]),
            ("'2026-01-31T12:00'", ["2026", "01", "31t12", "00"]), ("$1 $tag$", ["1", "tag"]),
            ("Straße ÉTÉ ПРИВЕТ Ελλάδα", ["straße", "été", "привет", "ελλάδα"]), ("E\u{301}te\u{301}", ["été"]),
            ("東京で", ["東", "京", "で"]), ("a–b “c” ١٢", ["a", "b", "c", "١٢"]), ("", []), (" ,;\0\n", []),
            (String(repeating: "a", count: 70), [String(repeating: "a", count: 64)]),
            (String(repeating: "a", count: 63) + "é", [String(repeating: "a", count: 63)]),
        ] { #expect(Self.words(text) == expected, "\(text)") }
    }

    @Test func bytesThatAreNoTextStandBetween() {
        #expect(Self.words([0x61, 0xFF, 0x62, 0xC3, 0x63, 0xE2, 0x82]) == ["a", "b", "c"])
    }

    @Test func placesAreThoseOfTheText() {
        let text = Array("«Été» 12".utf8)
        var places: [Range<Int>] = []
        var scanner = SearchWords()
        scanner.forEach(text) { _, place in places.append(place) }
        #expect(places.map { String(decoding: text[$0], as: UTF8.self) } == ["Été", "12"])
    }

    @Test func vocabularyIsWithoutKeys() {
        for (word, isOne) in [
            ("orders", true), ("order_items", true), ("_", true), ("été", true), ("orders_2026", false), ("t1", false),
            ("12", false), ("a1b2", false),
        ] { #expect(SearchTokens.isVocabulary(Array(word.utf8)) == isOne, "\(word)") }
    }

    @Test func queriesMatchText() throws {
        let text = "UPDATE public.customers SET email = 'jane.doe@example.com' WHERE id = 1234"
        for (query, isFound) in [
            ("customers", true), ("CUSTOMERS update", true), ("custom", false), ("custom*", true),
            ("public.cust*", true),
            ("\"public customers\"", true), ("\"customers public\"", false), ("customers.public", false),
            ("jane.doe@example.com", true), ("doe@example", true), ("jane@example.com", false), ("12*", true),
            ("\"set email\" 1234", true), ("\"set ema\"*", true), ("\"set ema\"", false), ("customers drop", false),
        ] { #expect((try SearchQuery(query).match([Array(text.utf8)]) != nil) == isFound, "\(query)") }
    }

    /// Words may come from several parts of a command, a phrase not.
    @Test func phrasesStayWithinAPart() throws {
        let parts = ["select one".utf8, "two three".utf8].map(Array.init)
        for (query, isFound) in [("one two", true), ("\"one two\"", false), ("\"two three\" select", true)] {
            #expect((try SearchQuery(query).match(parts) != nil) == isFound, "\(query)")
        }
    }

    @Test func queriesThatCannotBe() {
        for query in ["\"open", "*", "a*", "'--'", "--", "x \"\"", String(repeating: "x ", count: 33)] {
            #expect(throws: RecordingError.self, "\(query)") { try SearchQuery(query) }
        }
    }

    @Test func tablesByTheirNames() throws {
        for (name, recorded, matches) in [
            ("customers", "public.customers", true), ("public.customers", "customers", true),
            ("public.customers", "sales.customers", false), ("Customers", "customers", true),
            ("\"Customers\"", "customers", false), ("\"Customers\"", "public.\"Customers\"", true),
            ("\"a.b\"", "public.\"a.b\"", true), ("b", "public.\"a.b\"", false), ("customers", "customers_old", false),
        ] {
            let table = try #require(TableName(name))
            #expect(table.matches(recorded) == matches, "\(name) \(recorded)")
        }
        for name in ["", ".", "a.", "\"a", "a\"b\"", "\"a\"\"b"] { #expect(TableName(name) == nil, "\(name)") }
    }
}
