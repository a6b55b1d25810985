import Foundation
import TestKit
import Testing

extension Integration {
    /// `sluice mask` as a filter between other programs.
    @Suite(.serialized)
    struct FilterTests {
        private static let rules = """
            mask:
              - {columns: ["*.email"], style: partial}
              - {detect: [us_ssn, credit_card], style: redact}

            """

        private static func run(_ arguments: [String], input: String, directory: TemporaryDirectory) async throws
            -> Finished
        {
            try await Child(
                Project.binaries + "/sluice", ["mask"] + arguments, input: .text(input), directory: directory,
                label: "mask"
            ).finish()
        }

        @Test(arguments: [
            ("text", "a b@c.de 536-90-4399\n", "a b@c.de [redacted:us_ssn]\n"),
            (
                "json", "{\"email\": \"bob@c.de\",\n \"n\": 4111111111111111}\n",
                "{\"email\": \"b***@c.de\",\n \"n\": null}\n"
            ),
            ("ndjson", "{\"email\":\"bob@c.de\"}\n{\"a\":1}\n", "{\"email\":\"b***@c.de\"}\n{\"a\":1}\n"),
            ("csv", "id,email\n1,\"bob@c.de\"\n", "id,email\n1,\"b***@c.de\"\n"),
            ("form", "email=bob%40c.de&a=1", "email=b***%40c.de&a=1"),
            (
                "terminal", "a b@c.de \u{1b}[1m536-\u{1b}[0m90-4399\r\n$ ",
                "a b@c.de \u{1b}[1m[redacted:us_ssn]\u{1b}[0m\r\n$ "
            ),
        ])
        func masks(_ format: String, _ input: String, _ expected: String) async throws {
            let directory = try TemporaryDirectory()
            try directory.write(Self.rules, to: "rules.yaml")
            let masked = try await Self.run(
                ["--rules", directory.file("rules.yaml"), "--format", format, "--report"], input: input,
                directory: directory)
            #expect(masked.status == 0 && masked.output == expected, "\(masked.transcript)")
            #expect(masked.errors.contains("COUNT"), "\(masked.transcript)")
        }

        @Test func ownDetectorsAndDictionaries() async throws {
            let directory = try TemporaryDirectory()
            try directory.write("Bluebird\n", to: "words.txt")
            try directory.write(
                """
                detectors: {badge: {pattern: 'EMP-[0-9]{6}', examples: [EMP-123456]}}
                dictionaries: {project: {file: words.txt}}
                mask: [{detect: [badge, project, email], style: redact}]

                """, to: "rules.yaml")
            let rules = ["--rules", directory.file("rules.yaml")]
            let input = "EMP-123456 for bluebird, a@b.co\n"
            let masked = try await Self.run(rules + ["--report"], input: input, directory: directory)
            #expect(
                masked.status == 0 && masked.output == "[redacted:badge] for [redacted:project], [redacted:email]\n",
                "\(masked.transcript)")
            #expect(masked.errors.contains("badge") && masked.errors.contains("project"), "\(masked.transcript)")
            let found = try await Self.run(rules + ["--find"], input: input, directory: directory)
            #expect(
                found.output.contains("{\"line\":1,\"start\":0,\"end\":10,\"entity\":\"badge\",\"confidence\":0.6}"))
            let unknown = try await Self.run(["--detect", "badge"], input: input, directory: directory)
            #expect(unknown.status == 2, "\(unknown.transcript)")
            try directory.write("mask: [{detect: [badge], style: blur}]\nmore: 1\n", to: "rules.yaml")
            let wrong = try await Self.run(rules, input: input, directory: directory)
            for part in ["“badge” is not known here", "“blur”", "unknown key “more”", "3 mistakes"] {
                #expect(wrong.status == 1 && wrong.errors.contains(part), "\(wrong.transcript)")
            }
        }

        @Test func namesRulesThatMatchNothing() async throws {
            let directory = try TemporaryDirectory()
            try directory.write("mask: [{columns: [email, \"*.phone\"], style: redact}]\n", to: "rules.yaml")
            let arguments = ["--rules", directory.file("rules.yaml"), "--format", "csv"]
            let ran = try await Self.run(arguments, input: "id, email \n1,x\n", directory: directory)
            #expect(ran.status == 0 && ran.output == "id, email \n1,[redacted]\n", "\(ran.transcript)")
            #expect(ran.errors == "sluice: no column or key matched *.phone\n", "\(ran.transcript)")
        }

        @Test func finds() async throws {
            let directory = try TemporaryDirectory()
            let found = try await Self.run(
                ["--detect", "email,us_ssn", "--find"], input: "x\nmail bob@c.de or 536-90-4399\n",
                directory: directory)
            let lines = try found.output.split(separator: "\n").map { try JSONValue(String($0)) }
            #expect(found.status == 0 && lines.count == 2, "\(found.transcript)")
            let first = try #require(lines.first)
            #expect(first["line"].int == 2 && first["start"].int == 5 && first["end"].int == 13)
            #expect(first["entity"].string == "email" && found.output.contains("\"confidence\":0.9}"))
            #expect(lines.last?["entity"].string == "us_ssn" && lines.last?["start"].int == 17)
        }

        /// What comes line by line leaves line by line.
        @Test func passesLinesAsTheyCome() async throws {
            let directory = try TemporaryDirectory()
            let filter = try Child(
                Project.binaries + "/sluice", ["mask", "--detect", "all"], input: .pipe, directory: directory,
                label: "mask")
            try filter.send("first a@b.co\nsec")
            try await eventually("the first line is there") { filter.output == "first [redacted:email]\n" }
            try filter.send("ond\n")
            try await eventually("the second line is there") { filter.output.hasSuffix("second\n") }
            filter.closeInput()
            #expect(try await filter.finish().status == 0)
        }

        /// A prompt has no line's end: it shows when nothing more comes and somebody watches.
        @Test func promptsShowOnATerminal() async throws {
            let directory = try TemporaryDirectory()
            try #require(mkfifo(directory.file("pipe"), 0o600) == 0)
            let mask = "\(Project.binaries)/sluice mask --detect email --format terminal < \(directory.file("pipe"))"
            let filter = try Child("script", ["-qec", mask, directory.file("typescript")], directory: directory)
            let source = try Child(
                "/bin/sh", ["-c", "cat > pipe"], input: .pipe, directory: directory, label: "source")
            try source.send("mail bob@b.co login: ")
            try await eventually("the prompt is there") { filter.output == "mail [redacted:email] login: " }
            try source.send("bob\n")
            source.closeInput()
            #expect(try await filter.finish().status == 0)
            #expect(filter.output.hasSuffix("login: bob\r\n"), "\(filter.output)")
        }

        @Test func hashTakesAKey() async throws {
            let directory = try TemporaryDirectory()
            try directory.write("mask: [{columns: [id], style: hash}]\n", to: "rules.yaml")
            try directory.write("a key", to: "short")
            try directory.write(String(repeating: "k", count: 32), to: "key")
            try directory.write(String(repeating: "o", count: 32), to: "other")
            let arguments = ["--rules", directory.file("rules.yaml"), "--format", "form"]
            let none = try await Self.run(arguments, input: "id=x", directory: directory)
            #expect(none.status == 1 && none.output.isEmpty && none.errors.contains("--key"), "\(none.transcript)")
            var outputs: Set<String> = []
            for key in ["key", "key", "other"] {
                let masked = try await Self.run(
                    arguments + ["--key", directory.file(key)], input: "id=x", directory: directory)
                #expect(masked.status == 0 && masked.output.hasPrefix("id=h%3A"), "\(masked.transcript)")
                outputs.insert(masked.output)
            }
            #expect(outputs.count == 2)
            let short = try await Self.run(
                arguments + ["--key", directory.file("short")], input: "id=x", directory: directory)
            #expect(short.status == 1 && short.output.isEmpty, "\(short.transcript)")
            #expect(
                short.errors.contains("5 bytes of at least 32") && short.errors.contains("head -c 32 /dev/urandom"),
                "\(short.transcript)")
        }

        /// Rules of which none met a column may have their names written wrong.
        @Test(arguments: [
            ("json", "{\"mail\":1}", "{columns: [email], style: redact}", 3),
            ("json", "", "{columns: [email], style: redact}", 0),
            ("json", "{\"mail\":1}", "{columns: [email, mail], style: redact}", 0),
            ("csv", "a\n1\n", "{columns: [email], style: redact}, {detect: [email], style: redact}", 3),
            ("json", "{\"a\":{\"b\":1}}", "{columns: [a], paths: [$.c], style: redact}", 3),
            ("json", "{\"a\":{\"b\":1}}", "{columns: [a], paths: [$.b, $.c], style: redact}", 0),
            ("text", "x\n", "{columns: [email], style: redact}", 3),
            ("text", "x\n", "{detect: [email], style: redact}", 0),
            ("text", "x\n", "{columns: [email], style: redact}, {detect: [email], style: redact}", 0),
        ])
        func columnRulesThatNothingMet(_ format: String, _ input: String, _ masks: String, _ status: Int32) async throws
        {
            let directory = try TemporaryDirectory()
            try directory.write("mask: [\(masks)]\n", to: "rules.yaml")
            let ran = try await Self.run(
                ["--rules", directory.file("rules.yaml"), "--format", format], input: input, directory: directory)
            #expect(ran.status == status && (status == 0 || !ran.errors.isEmpty), "\(ran.transcript)")
            if status == 3 { #expect(ran.output == input, "\(ran.transcript)") }
        }

        @Test(arguments: [
            ("a\u{0}@\u{0}b\u{0}", "UTF-16LE"), ("\u{0}a\u{0}@", "UTF-16BE"), ("a\u{0}\u{0}\u{0}@", "UTF-32LE"),
            ("\u{0}\u{0}\u{0}a", "UTF-32BE"),
        ])
        func wideEncodingsAreRefused(_ input: String, _ name: String) async throws {
            let directory = try TemporaryDirectory()
            let ran = try await Self.run(["--detect", "email"], input: input, directory: directory)
            #expect(ran.status == 1 && ran.output.isEmpty, "\(ran.transcript)")
            #expect(ran.errors.contains("iconv -f \(name) -t UTF-8"), "\(ran.transcript)")
            let terminal = try await Self.run(
                ["--detect", "email", "--format", "terminal"], input: input, directory: directory)
            #expect(terminal.status == 0 && terminal.output == input, "\(terminal.transcript)")
        }

        @Test(arguments: [
            ("\\377\\376a\\000", "UTF-16"), ("\\376\\377\\000a", "UTF-16"), ("\\377\\376\\000\\000a", "UTF-32"),
        ])
        func byteOrderMarksAreTold(_ input: String, _ name: String) async throws {
            let directory = try TemporaryDirectory()
            let ran = try await Child(
                "/bin/sh", ["-c", "printf '\(input)' | \"$0\" mask --detect email", Project.binaries + "/sluice"],
                directory: directory, label: "mask"
            ).finish()
            #expect(ran.status == 1 && ran.errors.contains("is \(name), in which"), "\(ran.transcript)")
        }

        @Test func usesTheInstallationsKey() async throws {
            let world = try await World.shared.value
            let directory = try TemporaryDirectory()
            try directory.write("mask: [{columns: [id], style: hash}]\n", to: "rules.yaml")
            let arguments = ["--rules", directory.file("rules.yaml"), "--format", "form"]
            let config = world.gateway.directory.file("sluice.yaml")
            let masked = try await Self.run(arguments + ["--config", config], input: "id=x", directory: directory)
            let key = world.gateway.directory.file("state/keys/masking.key")
            let same = try await Self.run(arguments + ["--key", key], input: "id=x", directory: directory)
            #expect(masked.status == 0 && masked.output.hasPrefix("id=h%3A"), "\(masked.transcript)")
            #expect(same.status == 0 && same.output == masked.output, "\(same.transcript)")
        }

        @Test func mistakesHaveAPlace() async throws {
            let directory = try TemporaryDirectory()
            let file = directory.file("rules.yaml")
            for (text, complaint) in [
                ("mask: [{detect: [emial], style: redact}]\n", "rules.yaml:1:18: “emial” is not known here"),
                ("mask:\n  - {columns: [a], stile: hash}\n", "rules.yaml:2:20: unknown key “stile”"),
                ("mask: [{columns: [a], style: {shift: {days: 0}}}]\n", "rules.yaml:1:45: 0 is out of range"),
                ("masks: []\n", "rules.yaml:1:1: unknown key “masks”"),
                ("mask:\n", "“mask” is empty"), ("rules: []\n", "missing key “mask”"),
            ] {
                try directory.write(text, to: "rules.yaml")
                let refused = try await Self.run(["--rules", file], input: "a@b.co", directory: directory)
                #expect(refused.status == 1 && refused.output.isEmpty, "\(refused.transcript)")
                #expect(refused.errors.contains(complaint), "\(refused.transcript)")
            }
            for wrong in [
                [], ["--rules", file, "--detect", "all"], ["--detect", "emial"],
                ["--detect", "all", "--format", "xml"],
            ] {
                let refused = try await Self.run(wrong, input: "a@b.co", directory: directory)
                #expect(refused.status == 2 && refused.output.isEmpty, "\(refused.transcript)")
            }
            try directory.write("mask: [{columns: [a], style: redact}]\n", to: "rules.yaml")
            let refused = try await Self.run(["--rules", file, "--find"], input: "a@b.co", directory: directory)
            #expect(refused.status == 1 && refused.errors.contains("needs detectors"), "\(refused.transcript)")
        }

        @Test func aReaderThatGoesAwayIsNoError() async throws {
            let directory = try TemporaryDirectory()
            let piped = try await Child(
                "/bin/sh",
                ["-c", "yes a@b.co | \"$0\" mask --detect email | head -n 2", Project.binaries + "/sluice"],
                directory: directory, label: "mask"
            ).finish()
            #expect(
                piped.output == "[redacted:email]\n[redacted:email]\n" && piped.errors.isEmpty, "\(piped.transcript)")
        }
    }
}
