import Detection
import Foundation
import PolicyDetectors
import PolicyFiles
import StrictYAML
import Testing

@Suite struct DefinedDetectorsTests {
    private func error(_ text: String) -> String? {
        do throws(ConfigurationError) {
            _ = try DefinedDetectors.detection(of: PolicyFiles.parse(text, file: "p.yaml"))
            return nil
        } catch {
            return error.description
        }
    }

    @Test func everyKeyIsRead() throws {
        let text = """
            detectors:
              employee_number:
                pattern: 'emp-[0-9]{6}'
                case_sensitive: false
                validator: luhn
                context: [staff, employee]
                confidence: high
                examples: ["staff EMP-123455", {text: EMP-123455, column: employee_no}]
                counter_examples: ["staff EMP-123456", EMP-123455]
              ticket: {pattern: 'T-[0-9]+'}
            dictionaries:
              project: {words: [Bluebird, "Night Hawk"], confidence: low}
              codename: {words: Zeus, case_sensitive: true}
            """
        let detection = try DefinedDetectors.detection(of: PolicyFiles.parse(text, file: "p.yaml"))
        #expect(
            detection.detectors == [
                CustomDetector(
                    entity: "employee_number", pattern: "emp-[0-9]{6}", isCaseSensitive: false, validator: .luhn,
                    context: ["staff", "employee"], confidence: .high),
                CustomDetector(entity: "ticket", pattern: "T-[0-9]+"),
            ])
        #expect(
            detection.dictionaries == [
                CustomDictionary(entity: "project", words: ["Bluebird", "Night Hawk"], confidence: .low),
                CustomDictionary(entity: "codename", words: ["Zeus"], isCaseSensitive: true),
            ])
        #expect(detection.names == ["employee_number", "ticket", "project", "codename"])
    }

    @Test(arguments: [
        ("detectors: {email: {pattern: x}}", "1:13: “email” is a detector of Sluice's own"),
        ("detectors: {all: {pattern: x}}", "1:13: “all” is a detector"),
        ("detectors: {Staff: {pattern: x}}", "1:20: an entity's name is lower-case"),
        ("detectors: {a: {patern: x}}", "did you mean “pattern”?"),
        ("detectors: {a: {pattern: '(x'}}", "1:26: the pattern matcher refused its patterns: Missing close"),
        ("detectors: {a: {pattern: 'x*'}}", "1:26: the pattern matches an empty text"),
        ("detectors: {a: {pattern: '(x)\\1'}}", "1:26: the pattern matcher refused"),
        ("detectors: {a: {pattern: '((((a{1,10}){1,10}){1,10}){1,10})b'}}", "1:26: the pattern is too expensive"),
        (
            "detectors: {" + (1...8).map { "d\($0): {pattern: 'a{1500}b'}" }.joined(separator: ", ") + "}",
            "1:12: the repeats of all patterns stand for more than 10000 steps"
        ),
        ("detectors: {a: {pattern: x, validator: luhnn}}", "did you mean “luhn”?"),
        ("detectors: {a: {pattern: x, confidence: hihg}}", "did you mean “high”?"),
        ("detectors: {a: {pattern: x, case_sensitive: yes}}", "true or false"),
        ("detectors: {a: {pattern: x, context: }}", "“context” is empty"),
        ("detectors: {a: {pattern: x, context: ['']}}", "a context word has 1 to 64 bytes"),
        ("detectors: {a: {pattern: x, examples: [x, y]}}", "1:43: the example of “a” is not found"),
        ("detectors: {a: {pattern: x, counter_examples: [y, x]}}", "1:51: the counter-example of “a” is found"),
        ("detectors: {a: {pattern: x, examples: [{txt: x}]}}", "did you mean “text”?"),
        ("detectors: {a: {pattern: x}}\ndictionaries: {a: {words: [xy]}}", "2:16: “a” is defined already: p.yaml:1"),
        ("dictionaries: {a: {}}", "use either “words” or “file”"),
        ("dictionaries: {a: {words: [xy], file: b}}", "“b” cannot be read"),
        ("dictionaries: {a: {words: []}}", "1:27: the dictionary has no words"),
        ("dictionaries: {a: {words: [xy, z]}}", "1:32: a word has 2 to 128 bytes"),
        ("dictionaries: {a: {words: [\"Bluebird\\u00a0\"]}}", "1:28: the word begins or ends with a space or"),
        ("dictionaries: {a: {words: [\"\\u200bBluebird\"]}}", "a character that is not seen, U+200B"),
        ("dictionaries: {a: {words: [\"Bluebird\\u200b\"]}}", "U+200B"),
        ("dictionaries: {a: {words: [\" ab\"]}}", "U+0020"),
        ("dictionaries: {a: {file: nothing.txt}}", "1:26: “nothing.txt” cannot be read"),
        ("dictionaries: {jwt: {words: [xy]}}", "“jwt” is a detector of Sluice's own"),
    ])
    func mistakesAreNamed(text: String, expected: String) {
        let found = error(text)
        #expect(found?.contains(expected) == true, "\(found ?? "none")")
    }

    @Test func allMistakesAreToldAtOnce() throws {
        let files = try PolicyFiles.parse(
            "detectors: {a: {pattern: '('}, b: {pattern: 'x*'}, c: {pattern: x}}\ndictionaries: {d: {words: [x]}}",
            file: "p.yaml")
        let defined = DefinedDetectors(files)
        #expect(defined.mistakes.error?.all.count == 3)
        #expect(defined.names == ["a", "b", "c", "d"])
        #expect(defined.detection.names == ["c"])
    }

    @Test func wordsComeFromAFileBesideThePolicy() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sluice-words-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let policy = folder.appending(path: "policy.yaml")
        let words = folder.appending(path: "words.txt")
        try Data("dictionaries: {project: {file: words.txt}}\n".utf8).write(to: policy)
        try Data("# ours\r\nBluebird\r\n\n  Night Hawk\t\n".utf8).write(to: words)
        let files = try PolicyFiles.read(path: policy.path)
        let detection = try DefinedDetectors.detection(of: files)
        #expect(detection.dictionaries.map(\.words) == [["Bluebird", "Night Hawk"]])
        try Data("\u{feff}Bluebird\nNight\u{a0}Hawk\n".utf8).write(to: words)
        let marked = try DefinedDetectors.detection(of: PolicyFiles.read(path: policy.path))
        #expect(marked.dictionaries.map(\.words) == [["Bluebird", "Night\u{a0}Hawk"]])
        try Data("Bluebird\nHawk\u{a0}\n".utf8).write(to: words)
        let unseen = try PolicyFiles.read(path: policy.path)
        let objection = #expect(throws: ConfigurationError.self) { try DefinedDetectors.detection(of: unseen) }
        #expect(objection?.description.hasPrefix("\(words.path):2:1: the word begins or ends with") == true)
        try Data("Bluebird\nx\n".utf8).write(to: words)
        let changed = try PolicyFiles.read(path: policy.path)
        #expect(changed.epoch != files.epoch)
        let error = #expect(throws: ConfigurationError.self) { try DefinedDetectors.detection(of: changed) }
        #expect(error?.description == "\(words.path):2:1: a word has 2 to 128 bytes, none of them zero")
    }

    @Test func theDigestIsOfWhatIsFound() throws {
        func digest(_ text: String, _ names: [String]) throws -> [UInt8] {
            try DefinedDetectors.detection(of: PolicyFiles.parse("detectors: " + text, file: "p.yaml")).only(names)
                .digest
        }
        let first = try digest("{a: {pattern: x}, b: {pattern: y}}", ["a"])
        #expect(try digest("{a: {pattern: x, examples: [x]}, b: {pattern: z}}", ["a"]) == first)
        for text in [
            "{a: {pattern: y}}", "{a: {pattern: x, context: [w]}}", "{a: {pattern: x, validator: entropy}}",
            "{a: {pattern: x, confidence: low}}", "{a: {pattern: x, case_sensitive: false}}",
        ] { #expect(try digest(text, ["a"]) != first) }
        #expect(try digest("{a: {pattern: x}, b: {pattern: y}}", ["a", "b"]) != first)
    }
    /// By another program than this one, from docs/messages.md.
    @Test func theDigestIsTheDocumentedOne() {
        let custom = CustomDetection(
            detectors: [
                CustomDetector(
                    entity: "badge", pattern: "EMP-[0-9]{6}", validator: .luhn, context: ["staff"], confidence: .high)
            ], dictionaries: [CustomDictionary(entity: "project", words: ["Bluebird", "Zürich"])])
        let hexadecimal = custom.digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        #expect(hexadecimal == "11342809e436bdd7a6fdb1827902b1ee5d7e9ba98158c189554110181c8ac294")
    }
}
