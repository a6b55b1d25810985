// SearchBench COMMANDS FOLDER [keep]: records so many commands as a recorder does, in blocks of about 500 records, makes the index of
// their words, and searches. FOLDER is made, and removed at the end; with `keep` it stays, and is searched again by the next run.

import Contract
import Foundation
import Glibc
import Recording
import SwiftProtobuf

/// Each search is repeated so often, warm.
let rounds = 20

func seconds(_ body: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try body()
    return Double((ContinuousClock.now - start).components.attoseconds) / 1e18
        + Double((ContinuousClock.now - start).components.seconds)
}

func bytes(_ folder: String, _ isMeant: (String) -> Bool) -> Int {
    let names = FileManager.default.enumerator(atPath: folder)?.allObjects as? [String] ?? []
    return names.filter(isMeant).reduce(0) { sum, name in
        sum + ((try? FileManager.default.attributesOfItem(atPath: folder + "/" + name)[.size] as? Int) ?? 0)
    }
}

/// Has the system forget what it read of the files, as far as it was written to the disk.
func forget(_ folder: String) {
    sync()
    for name in FileManager.default.enumerator(atPath: folder)?.allObjects as? [String] ?? [] {
        let descriptor = open(folder + "/" + name, O_RDONLY)
        guard descriptor >= 0 else { continue }
        _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
        close(descriptor)
    }
}

func record(_ count: Int, _ folder: String) throws {
    let writer = try SegmentWriter(
        directory: folder + "/recorder-0", key: RecordingKey(seed: [UInt8](repeating: 7, count: RecordingKey.length)))
    var commands = Commands()
    var time: UInt64 = 1_700_000_000_000_000
    var done = 0
    var session = 0
    while done < count {
        session += 1
        let some = min(Commands.sessionCommands, count - done)
        var batch = RecordBatch()
        batch.records = commands.session(session, commands: some, time: &time)
        batch.durability = .written
        _ = try writer.append([IncomingBatch(try batch.serializedBytes())])
        _ = writer.takeIndexChanges()
        done += some
    }
    try writer.finish()
}

func milliseconds(_ value: Double) -> String { String(format: "%.1f", value * 1000) }

func search(_ title: String, _ filter: SearchFilter, _ folder: String, _ all: inout [Double]) throws {
    func once() throws -> Int {
        try SearchIndex(reading: folder + "/" + SearchIndex.fileName, of: folder).find(filter, replies: nil).count
    }
    func processorTime() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
    forget(folder)
    var hits = 0
    let cold = try seconds { hits = try once() }
    let before = processorTime()
    let warm = try (0..<rounds).map { _ in try seconds { _ = try once() } }.sorted()
    let processor = (processorTime() - before) / Double(rounds)
    all += warm
    print(
        "| \(title) | \(hits) | \(milliseconds(cold)) | \(milliseconds(warm[warm.count / 2])) "
            + "| \(milliseconds(warm[warm.count * 95 / 100])) | \(milliseconds(warm[warm.count - 1])) "
            + "| \(milliseconds(processor)) |")
}

let arguments = CommandLine.arguments.dropFirst()
let isKept = arguments.count == 3 && arguments.last == "keep"
guard arguments.count == 2 || isKept, let count = Int(arguments[1]), count > 0 else {
    print("usage: SearchBench COMMANDS FOLDER [keep]")
    exit(2)
}
let folder = arguments[2]
defer {
    if !isKept { try? FileManager.default.removeItem(atPath: folder) }
}
let path = folder + "/" + SearchIndex.fileName
if !FileManager.default.fileExists(atPath: path) {
    try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let recording = try seconds { try record(count, folder) }
    print("recorded \(count) commands in \(Int(recording)) s")
}
var added = 0
let building = try seconds { added = try SearchIndex(writing: path, of: folder, .commands).update(replies: nil) }
if added > 0 { print("indexed \(added) in \(Int(building)) s, \(Int(Double(added) / building)) commands/s") }
let recorded = bytes(folder) { $0.hasSuffix(".slseg") }
let indexed = bytes(folder) { $0.hasPrefix(SearchIndex.fileName) }
print(
    "\(recorded / count) bytes of recording for each command, \(indexed / count) of the index; "
        + "\(ProcessInfo.processInfo.activeProcessorCount) processors\n")

let commands = Commands()
func query(_ text: String) throws -> SearchQuery { try SearchQuery(text) }
let middle: UInt64 = 1_700_000_000_000_000 + UInt64(count) * 5_400
print("| search | hits | cold ms | warm p50 | p95 | max | processor |\n|---|---|---|---|---|---|---|")
var all: [Double] = []
for (title, filter) in [
    ("a common word", SearchFilter(query: try query("select"))),
    ("a name", .init(query: try query(commands.anyName(7)))),
    ("two names", .init(query: try query("\(commands.anyName(3)) \(commands.anyName(11))"))),
    ("three common words", .init(query: try query("select customers email"))),
    ("two common words that never come together", .init(query: try query("update insert"))),
    ("an address", .init(query: try query("\(commands.anyName(5)).\(commands.anyName(9))@example7.com"))),
    ("a phrase", .init(query: try query("\"delete from hr.employees\""))),
    ("a phrase of common words that never comes", .init(query: try query("\"select from\""))),
    ("a phrase of three common words that never comes", .init(query: try query("\"select from where\""))),
    (
        "a phrase of a common word and the beginning of others, which never comes",
        .init(query: try query("\"from cu\"*"))
    ),
    (
        "a phrase of a common word and the beginning of numbers, which never comes",
        .init(query: try query("\"from 12\"*"))
    ),
    ("the beginning of many numbers, and a rare word", .init(query: try query("12* supercalifragilistic"))),
    ("the beginning of common words", .init(query: try query("cust*"))),
    ("the beginning of common words, and a rare one", .init(query: try query("id* \(commands.anyName(7))"))),
    ("the beginning of numbers", .init(query: try query("1234*"))),
    ("the beginning of very many words", .init(query: try query("co* drop"))),
    ("a table", .init(table: TableName("sales.invoices"))),
    ("a word, of a table in any schema", .init(query: try query("drop"), table: TableName("payments"))),
    ("a rule, refused", .init(rule: "rule 7", decision: .refuse)),
    ("a word, of one identity", .init(query: try query("delete"), identity: "agent-7")),
    ("a word, of an hour", .init(query: try query("drop"), since: middle, until: middle + 3_600_000_000)),
    ("a word that never comes", .init(query: try query("supercalifragilistic"))),
] { try search(title, filter, folder, &all) }
all.sort()
print(
    "\nall, warm: p50 \(milliseconds(all[all.count / 2])) ms, p95 \(milliseconds(all[all.count * 95 / 100])) ms, "
        + "max \(milliseconds(all[all.count - 1])) ms")
let scanning = try seconds {
    let scan = try TextScan(recordings: folder, text: commands.anyName(7) + " " + commands.anyName(8))
    print("\nreading everything for a piece of text: \(try scan.find(SearchFilter()).hits.count) hits", terminator: "")
}
print(" in \(String(format: "%.1f", scanning)) s, \(Int(Double(recorded) / scanning / 1e6)) MB/s of segments")
