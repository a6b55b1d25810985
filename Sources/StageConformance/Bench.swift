import Bus
import Contract
import Foundation
import Glibc
import SwiftProtobuf

/// A message as it came to one of the inboxes that the kit plays.
struct Answer {
    /// The stop it came to.
    let stop: String
    let message: BusMessage

    /// The body; nil when it is none of that type, which is then what is wrong with the answer.
    func body<Body: SwiftProtobuf.Message>(as type: Body.Type) -> Body? {
        do {
            return try message.body(as: type)
        } catch {
            return nil
        }
    }
}

/// Starts the stage, and plays ingress and the stops behind it.
final class Bench {
    /// Longest start, seconds (docs/adding-a-stage.md, “Start”).
    static let startSeconds = 20.0
    static let pollMilliseconds = 20
    /// How often a sender pings (docs/messages.md).
    static let pingSeconds = 0.25

    let workspace: Workspace
    let timeout: Double
    private let command: [String]
    private var subject: Subject
    private var link: RawSocket
    private var arrived: [Answer] = []
    private var lastSequence: UInt64 = 0
    private(set) var unreadable: String?

    /// Starts the program and waits until it is ready. Throws ``Violation`` when that takes too long.
    init(_ command: [String], timeout: Double, workspace: Workspace) throws {
        self.command = command
        self.timeout = timeout
        self.workspace = workspace
        (subject, link) = try Self.start(command, workspace)
    }

    deinit { subject.end() }

    private static func start(_ command: [String], _ workspace: Workspace) throws -> (Subject, RawSocket) {
        _ = workspace.notifications()
        unlink(workspace.inbox)
        let subject = try Subject(command, in: workspace)
        do {
            try waitUntilReady(subject, workspace)
            return (subject, try RawSocket.link(workspace.context, "ipc://" + workspace.inbox))
        } catch {
            subject.end()
            throw error
        }
    }

    private static func waitUntilReady(_ subject: Subject, _ workspace: Workspace) throws {
        let end = Date.now.addingTimeInterval(startSeconds)
        while true {
            for text in workspace.notifications() {
                let lines = text.split(separator: "\n")
                guard lines.contains("READY=1") else { continue }
                guard let pid = lines.first(where: { $0.hasPrefix("MAINPID=") }).flatMap({ Int32($0.dropFirst(8)) })
                else { throw Violation("READY=1 came without MAINPID") }
                guard pid == subject.pid || getpgid(pid) == subject.pid else {
                    throw Violation("READY=1 came with MAINPID=\(pid), which is not the program")
                }
                guard isSocket(workspace.inbox) else {
                    throw Violation("READY=1 came, but nothing is bound at <bus>/<stage>/<replica>")
                }
                return
            }
            if let ending = subject.ending { throw Violation("the program \(ending)\(lastWords(workspace))") }
            guard Date.now < end else { throw Violation("no READY=1 within \(Int(startSeconds)) s") }
            usleep(useconds_t(pollMilliseconds * 1000))
        }
    }

    private static func lastWords(_ workspace: Workspace) -> String {
        let text = String(decoding: workspace.written(), as: UTF8.self)
        guard let line = text.split(separator: "\n").last else { return "" }
        return ": \(line.prefix(200))"
    }

    private static func isSocket(_ path: String) -> Bool {
        var info = stat()
        return lstat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFSOCK
    }

    var socketExists: Bool { Self.isSocket(workspace.inbox) }
    var ending: String? { subject.ending }
    var exitedWithZero: Bool { subject.exitedWithZero }
    func signal(_ number: Int32) { subject.signal(number) }
    func closeLifeline() { subject.closeLifeline() }

    /// Starts the program again, when it has ended or may be in disorder.
    func restart() throws {
        subject.end()
        arrived = []
        (subject, link) = try Self.start(command, workspace)
    }

    func nextSequence() -> UInt64 {
        lastSequence += 1
        return lastSequence
    }

    // MARK: - Messages

    /// Sends any parts; waits for room as long as a check may take.
    func send(_ parts: [[UInt8]]) throws {
        let end = Date.now.addingTimeInterval(timeout)
        while true {
            if try link.send(parts) { return }
            if let ending { throw Violation("the program \(ending)") }
            guard Date.now < end else { throw Violation("the inbox took no more messages for \(Int(timeout)) s") }
            try pump()
        }
    }

    func send(_ message: BusMessage) throws {
        try send([try message.encodedHeader(), message.body, message.payload])
    }

    /// Sends when there is room now.
    func offer(_ message: BusMessage) throws {
        _ = try link.send([try message.encodedHeader(), message.body, message.payload])
    }

    /// Takes what has come, waiting a moment for more.
    func pump(milliseconds: Int = pollMilliseconds) throws {
        RawSocket.wait(Array(workspace.inboxes.values), milliseconds: milliseconds)
        for (stop, inbox) in workspace.inboxes {
            while let parts = try inbox.receive() {
                do {
                    arrived.append(Answer(stop: stop, message: try BusMessage(parts: parts)))
                } catch {
                    unreadable = "\(error)"
                }
            }
        }
    }

    /// The answer with this sequence; nil when none has come within `seconds`.
    func answer(to sequence: UInt64, within seconds: Double? = nil) throws -> Answer? {
        let end = Date.now.addingTimeInterval(seconds ?? timeout)
        while true {
            if let index = arrived.firstIndex(where: { $0.message.header.sequence == sequence }) {
                return arrived.remove(at: index)
            }
            if let unreadable { throw Violation("it sent a message that cannot be read: \(unreadable)") }
            guard Date.now < end else { return nil }
            if let ending {
                try pump()
                guard !arrived.contains(where: { $0.message.header.sequence == sequence }) else { continue }
                throw Violation("the program \(ending)")
            }
            try pump()
        }
    }

    /// Pings as a sender does, again and again: an answer that finds no link yet is lost, and the next one is not.
    /// Throws ``Violation`` when no ping is answered, or one wrongly.
    func checkPresence() throws {
        let end = Date.now.addingTimeInterval(timeout)
        var pings: [BusMessage] = []
        repeat {
            let ping = try ping()
            try send(ping)
            pings.append(ping)
            _ = try answer(to: ping.header.sequence, within: Self.pingSeconds).map { arrived.append($0) }
            for ping in pings {
                guard let answer = try answer(to: ping.header.sequence, within: 0) else { continue }
                if let violation = Bench.violation(of: answer, to: ping) { throw Violation(violation) }
                return
            }
        } while Date.now < end
        throw Violation("no PONG came")
    }

    /// Everything that has come and was not asked for.
    func takeArrived() -> [Answer] {
        defer { arrived = [] }
        return arrived
    }
}
