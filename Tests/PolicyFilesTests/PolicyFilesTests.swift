import Foundation
import PolicyFiles
import StrictYAML
import Testing

/// A folder of its own that goes with the test.
private final class Folder {
    let path = FileManager.default.temporaryDirectory.appending(path: "sluice-policy-\(UUID().uuidString)").path

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, to name: String) throws {
        let file = URL(filePath: path).appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }
    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: path + "/" + name) }
    func file(_ name: String) -> String { path + "/" + name }
}

@Suite struct PolicyFilesTests {
    private let folder: Folder
    init() throws { folder = try Folder() }

    private func read(_ name: String = "policy.yaml") throws -> PolicyFiles {
        try PolicyFiles.read(path: folder.file(name))
    }

    private func mistake(_ name: String = "policy.yaml") -> String {
        do throws(ConfigurationError) {
            _ = try PolicyFiles.read(path: folder.file(name))
            return "none"
        } catch {
            return error.description
        }
    }

    @Test func includedFilesComeFirstAndOnce() throws {
        try folder.write("include: [parts/a.yaml, parts/b.yaml]\nrules: []", to: "policy.yaml")
        try folder.write("include: ../common.yaml", to: "parts/a.yaml")
        try folder.write("include: [../common.yaml]", to: "parts/b.yaml")
        try folder.write("vars: {a: [b]}", to: "common.yaml")
        let names = try read().files.map { String($0.path.dropFirst(folder.path.count + 1)) }
        #expect(names == ["common.yaml", "parts/a.yaml", "parts/b.yaml", "policy.yaml"])
    }

    @Test func epochCoversEveryFile() throws {
        try folder.write("rules: []", to: "policy.yaml")
        // SHA-256 of the file's bytes, as before there were includes.
        #expect(try read().epoch == Self.hex("00eb8a0ecfecb77c25d7e28890b0a2d4"))
        try folder.write("include: [a.yaml]\nrules: []", to: "policy.yaml")
        try folder.write("rules: []", to: "a.yaml")
        let first = try read().epoch
        #expect(first.count == PolicyFiles.epochLength)
        #expect(try read().epoch == first)
        try folder.write("rules: [] # changed", to: "a.yaml")
        #expect(try read().epoch != first)
    }

    private static func hex(_ text: String) -> [UInt8] {
        stride(from: 0, to: text.count, by: 2).map { index in
            let start = text.index(text.startIndex, offsetBy: index)
            return UInt8(text[start..<text.index(start, offsetBy: 2)], radix: 16) ?? 0
        }
    }

    @Test func cyclesAndDepth() throws {
        try folder.write("include: [a.yaml]\nrules: []", to: "policy.yaml")
        try folder.write("include: [policy.yaml]", to: "a.yaml")
        #expect(mistake().contains("a.yaml:1:11: “policy.yaml” includes itself"))
        for depth in 0..<5 { try folder.write("include: [\(depth + 1).yaml]", to: "\(depth).yaml") }
        try folder.write("vars: {a: [b]}", to: "5.yaml")
        #expect(mistake("0.yaml").contains("4.yaml:1:11: included deeper than 4"))
        #expect(mistake("1.yaml") == "none")
    }

    @Test func whatCannotBeRead() throws {
        #expect(mistake().contains("policy.yaml: cannot be read"))
        try folder.write("include: [b.yaml]\nrules: []", to: "policy.yaml")
        #expect(mistake().contains("policy.yaml:1:11: “\(folder.file("b.yaml"))” cannot be read"))
        try folder.write("a: [", to: "b.yaml")
        #expect(mistake().contains("b.yaml:"))
        try folder.write("- a", to: "b.yaml")
        #expect(mistake().contains("b.yaml:1:1: expected keys and values"))
    }

    @Test func theFilesThatCanBeReadAreRead() throws {
        try folder.write("include: [absent.yaml, broken.yaml, a.yaml, [x]]\nrules: []", to: "policy.yaml")
        try folder.write("a: [", to: "broken.yaml")
        try folder.write("include: gone.yaml\nrules: []", to: "a.yaml")
        let (files, mistakes) = PolicyFiles.survey(path: folder.file("policy.yaml"))
        #expect(files.files.map { String($0.path.dropFirst(folder.path.count + 1)) } == ["a.yaml", "policy.yaml"])
        let places = mistakes.error?.all.map {
            "\($0.file.dropFirst(folder.path.count + 1)):\($0.line ?? 0):\($0.column ?? 0)"
        }
        #expect(places == ["policy.yaml:1:11", "policy.yaml:1:45", "broken.yaml:2:1", "a.yaml:1:10"])
        #expect(mistake().contains("absent.yaml” cannot be read"))
        #expect(mistake().hasSuffix("(and 3 more mistakes)"))
        let (none, missing) = PolicyFiles.survey(path: folder.file("nowhere.yaml"))
        #expect(none.files.isEmpty && !missing.isEmpty)
    }

    private func isChanged(_ watch: inout PolicyWatch) -> Bool {
        switch watch.changed() {
        case .success?, .failure?: true
        case nil: false
        }
    }

    @Test func watchSeesEveryFile() throws {
        var watch = PolicyWatch(path: folder.file("policy.yaml"))
        guard case .failure? = watch.changed() else {
            Issue.record("a missing file is a mistake")
            return
        }
        #expect(isChanged(&watch) == false)
        try folder.write("include: [a.yaml]\nrules: []", to: "policy.yaml")
        guard case .failure? = watch.changed() else {
            Issue.record("a missing include is a mistake")
            return
        }
        #expect(isChanged(&watch) == false)
        try folder.write("rules: []", to: "a.yaml")
        let first = try watch.changed()?.get()
        #expect(first?.files.count == 2)
        #expect(isChanged(&watch) == false)
        try folder.write("rules: [] # more", to: "a.yaml")
        let second = try watch.changed()?.get()
        #expect(second != nil && second?.epoch != first?.epoch)
        try folder.remove("a.yaml")
        guard case .failure? = watch.changed() else {
            Issue.record("a removed include is a mistake")
            return
        }
    }
    @Test func listsAreReadBesideTheirFile() throws {
        try folder.write("include: [parts/a.yaml]\ntags: [x.yaml, ./x.yaml]\nrules: []", to: "policy.yaml")
        try folder.write(
            "tags: ../x.yaml\ndictionaries: {d: {file: words.txt}, e: {words: [ab]}, f: 5}", to: "parts/a.yaml")
        try folder.write("tags: {}", to: "x.yaml")
        try folder.write("ab", to: "parts/words.txt")
        let files = try read()
        #expect(files.lists.map { String($0.path.dropFirst(folder.path.count + 1)) } == ["x.yaml", "parts/words.txt"])
        let part = try #require(files.files.first)
        #expect(files.list("words.txt", of: part)?.bytes == Array("ab".utf8))
        #expect(files.list("../x.yaml", of: part)?.path == files.list("x.yaml", of: files.files[1])?.path)
        #expect(files.list("words.txt", of: files.files[1]) == nil)
    }

    @Test func listsArePartOfThePolicy() throws {
        try folder.write("dictionaries: {d: {file: words.txt}}\nrules: []", to: "policy.yaml")
        try folder.write("ab", to: "words.txt")
        var watch = PolicyWatch(path: folder.file("policy.yaml"))
        let first = try watch.changed()?.get()
        #expect(isChanged(&watch) == false)
        try folder.write("ac", to: "words.txt")
        let second = try watch.changed()?.get()
        #expect(first != nil && second != nil && first?.epoch != second?.epoch)
        try folder.remove("words.txt")
        #expect(mistake().contains("policy.yaml:1:26: “\(folder.file("words.txt"))” cannot be read"))
        try folder.write(String(repeating: "a", count: PolicyFiles.maximumListSize + 1), to: "words.txt")
        #expect(mistake().contains("is larger than 4194304 bytes"))
        let large = (0..<5).map { "large\($0)" }
        for name in large { try folder.write(String(repeating: "a", count: PolicyFiles.maximumListSize), to: name) }
        try folder.write("tags: [\(large.dropLast().joined(separator: ", "))]\nrules: []", to: "policy.yaml")
        #expect(mistake() == "none")
        try folder.write("tags: [\(large.joined(separator: ", "))]\nrules: []", to: "policy.yaml")
        #expect(mistake().contains("policy.yaml:1:40: lists come from files of more than 16777216 bytes together"))
        let many = (0...PolicyFiles.maximumFiles).map { "x\($0)" }
        for name in many { try folder.write("", to: name) }
        try folder.write("tags: [\(many.joined(separator: ", "))]\nrules: []", to: "policy.yaml")
        #expect(mistake().contains("lists come from more than 64 files"))
    }
}
