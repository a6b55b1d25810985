import Foundation
import TestKit
import Testing

/// `deploy/host/layout` works in folders whose owners may be hostile to root.
@Suite("Layout")
struct LayoutTests {
    /// Runs a copy of the script beside a description of its own.
    private static func layout(_ description: String, in directory: TemporaryDirectory) async throws {
        try directory.write(description, to: "tmpfiles.conf")
        let script = try String(contentsOfFile: Project.root + "/deploy/host/layout", encoding: .utf8)
        try directory.write(script, to: "layout")
        let finished = try await Child("/bin/sh", [directory.file("layout")], directory: directory).finish()
        #expect(finished.status == 0, "\(finished.transcript)")
    }

    private static func look(_ path: String) throws -> (mode: Int, owner: String) {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        let mode = try #require(attributes[.posixPermissions] as? Int)
        return (mode, try #require(attributes[.ownerAccountName] as? String))
    }

    @Test func filesAreMadeByTheirOwnerAndNeverThroughALink() async throws {
        let directory = try TemporaryDirectory()
        #expect(chmod(directory.path, 0o755) == 0)
        let description = """
            # What a stage keeps.
            d \(directory.file("store"))       0700 nobody nogroup
            f \(directory.file("store/kept"))  0640 nobody nogroup
            f \(directory.file("store/made"))  0640 nobody nogroup
            f \(directory.file("store/led"))   0600 nobody nogroup
            f \(directory.file("store/astray")) 0600 nobody nogroup
            L \(directory.file("link")) - - - - store/made

            """
        try await Self.layout(
            description.split(separator: "\n").filter { $0.hasPrefix("d") }.joined() + "\n", in: directory)
        // As the owner would: a link to a file of root's, a link to where nothing is, and a file in use.
        try directory.write("root's own", to: "secret")
        #expect(chmod(directory.file("secret"), 0o600) == 0)
        #expect(symlink(directory.file("secret"), directory.file("store/led")) == 0)
        #expect(symlink(directory.file("nothing"), directory.file("store/astray")) == 0)
        try directory.write("in use", to: "store/kept")
        for _ in 0..<2 { try await Self.layout(description, in: directory) }

        #expect(try Self.look(directory.file("store")) == (0o700, "nobody"))
        #expect(try Self.look(directory.file("store/made")) == (0o640, "nobody"))
        #expect(try Self.look(directory.file("secret")) == (0o600, "root"))
        #expect(!FileManager.default.fileExists(atPath: directory.file("nothing")))
        #expect(try String(contentsOfFile: directory.file("store/kept"), encoding: .utf8) == "in use")
        #expect(
            try FileManager.default.destinationOfSymbolicLink(atPath: directory.file("link")) == "store/made")
    }
}
