import Testing

@testable import PostgresAccept

@Suite("Names in a text")
struct NameScanTests {
    static let texts: [(String, [String])] = [
        ("", []),
        ("SELECT Email FROM Users", ["select", "email", "from", "users"]),
        (#"SELECT "Email" FROM "My""Table""#, ["select", "Email", "from", #"My"Table"#]),
        ("SELECT 'users', E'it\\'s orders', x'ff'", ["select", "x"]),
        ("SELECT 'a''b' AS c", ["select", "as", "c"]),
        ("SELECT $$users$$, $t$ $$ orders $t$, $1", ["select"]),
        ("a--users\nb", ["a", "b"]),
        ("a/* users /* x */ orders */b", ["a", "b"]),
        ("public.users.email", ["public", "users", "email"]),
        ("größe ÄRGER", ["größe", "Ärger"]),
        ("a$b _c d1", ["a$b", "_c", "d1"]),
        ("WHERE x=1and y", ["where", "x", "y"]),
        ("'open", []), ("\"open", ["ope"]), ("/* open", []), ("$a$ open", []), ("E'\\", []),
        ("a-b/c$", ["a", "b", "c$"]),
        ("SELECT E'a'\n'b\\'' || mail FROM v", ["select", "mail", "from", "v"]),
        ("SELECT E'a' -- x'\n'b\\' x' y", ["select", "y"]), ("SELECT E'a' 'b\\' c", ["select", "c"]),
        ("SELECT 'a'\n'b\\' c", ["select", "c"]),
    ]

    @Test(arguments: texts.indices) func finds(_ index: Int) throws {
        let (text, names) = Self.texts[index]
        #expect(try NameScan(Array(text.utf8)).names == Set(names), "\(text)")
    }

    @Test func longNamesAreCutAsPostgresCutsThem() throws {
        let name = String(repeating: "a", count: 70)
        #expect(try NameScan(Array(name.utf8)).names == [String(repeating: "a", count: 63)])
        let wide = String(repeating: "é", count: 40)
        #expect(try NameScan(Array("\"\(wide)\" \(wide)".utf8)).names == [String(repeating: "é", count: 31)])
    }

    @Test(arguments: [
        ("users", "users"), ("public.users", "users"), (#"public."a.b""#, "a.b"), (#""a""b""#, #"a"b"#),
        (#"x."q""r""#, #"q"r"#), ("", ""),
    ])
    func lastPart(_ dotted: String, _ expected: String) { #expect(NameScan.last(of: dotted) == expected) }

    @Test(arguments: [#"U&"m\0061il""#, #"select u&"x" uescape '!'"#]) func escapedNamesAreNotRead(_ text: String) {
        #expect(throws: NameScan.Failure.escaped) { try NameScan(Array(text.utf8)) }
    }

    @Test func tooManyNamesAreNoNames() throws {
        let many = { (count: Int) in Array((0..<count).map { "n\($0)" }.joined(separator: " ").utf8) }
        #expect(try NameScan(many(NameScan.maximumNames)).names.count == NameScan.maximumNames)
        #expect(throws: NameScan.Failure.tooMany) { try NameScan(many(NameScan.maximumNames + 1)) }
    }

    @Test func anyBytesEnd() throws {
        var state: UInt64 = 7
        for _ in 0..<2000 {
            let bytes = (0..<64).map { _ -> UInt8 in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let alphabet = Array("aE'\"$-/*\\ 1\u{0}é".utf8)
                return alphabet[Int(state >> 33) % alphabet.count]
            }
            #expect(try NameScan(bytes).names.count <= 64)
        }
    }
}
