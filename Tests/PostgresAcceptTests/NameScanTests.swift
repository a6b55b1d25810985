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
    ]

    @Test(arguments: texts.indices) func finds(_ index: Int) {
        let (text, names) = Self.texts[index]
        #expect(NameScan(Array(text.utf8)).names == Set(names), "\(text)")
    }

    @Test func longNamesAreCutAsPostgresCutsThem() {
        let name = String(repeating: "a", count: 70)
        #expect(NameScan(Array(name.utf8)).names == [String(repeating: "a", count: 63)])
    }

    @Test func tooManyNamesAreNoNames() {
        let many = { (count: Int) in Array((0..<count).map { "n\($0)" }.joined(separator: " ").utf8) }
        #expect(NameScan(many(NameScan.maximumNames)).names?.count == NameScan.maximumNames)
        #expect(NameScan(many(NameScan.maximumNames + 1)).names == nil)
    }

    @Test func anyBytesEnd() {
        var state: UInt64 = 7
        for _ in 0..<2000 {
            let bytes = (0..<64).map { _ -> UInt8 in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let alphabet = Array("aE'\"$-/*\\ 1\u{0}é".utf8)
                return alphabet[Int(state >> 33) % alphabet.count]
            }
            #expect(NameScan(bytes).names != nil)
        }
    }
}
