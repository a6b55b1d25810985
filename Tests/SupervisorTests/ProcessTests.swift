import Configuration
import Foundation
import Glibc
import Synchronization
import Testing

@testable import Supervisor

@Suite("Notification")
struct NotificationTests {
    @Test func readsWhatAStageSays() throws {
        let notification = try #require(Notification(parsing: Array("READY=1\nMAINPID=42\nSTATUS=fine\nX=1".utf8)))
        #expect(notification.mainPID == 42)
        #expect(notification.isReady)
        #expect(!notification.isStopping)
        #expect(notification.status == "fine")
    }

    @Test(arguments: ["", "READY=1", "MAINPID=0", "MAINPID=-5\nREADY=1", "MAINPID=x", "READY", "MAINPID=99999999999"])
    func refusesWhatNamesNoProcess(_ text: String) {
        #expect(Notification(parsing: Array(text.utf8)) == nil)
    }

    @Test func refusesTooMuchAndBrokenText() {
        #expect(Notification(parsing: [UInt8](repeating: 0x41, count: 5000)) == nil)
        #expect(Notification(parsing: Array("MAINPID=1\nSTATUS=".utf8) + [0xff]) == nil)
    }

    @Test func statusCannotDriveATerminal() throws {
        let notification = try #require(Notification(parsing: Array("MAINPID=1\nSTATUS=\u{1b}[2Jx".utf8)))
        #expect(notification.status == "?[2Jx")
    }
}

@Suite("Lines")
struct LineSplitterTests {
    @Test func everySplitGivesTheSameLines() {
        let bytes = Array("one\r\ntwo\n\nlast".utf8)
        for cut in 0...bytes.count {
            var splitter = LineSplitter()
            var lines = splitter.append(bytes[..<cut]) + splitter.append(bytes[cut...])
            lines += splitter.finish().map { [$0] } ?? []
            #expect(lines == ["one", "two", "", "last"])
        }
    }

    @Test func longLinesComeInPieces() {
        var splitter = LineSplitter()
        let lines = splitter.append([UInt8](repeating: 0x61, count: 3 * LineSplitter.maximumLineBytes))
        #expect(lines.map(\.utf8.count) == [8192, 8192, 8192])
    }
}

/// A folder of its own that goes with the test.
private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sluice-\(UUID().uuidString.prefix(8))")
        .path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
}

private func mode(_ path: String) -> UInt32 {
    var info = stat()
    return lstat(path, &info) == 0 ? info.st_mode & 0o7777 : 0
}

@Suite("Directories")
struct DirectoriesTests {
    @Test func preparesPrivateDirectoriesAndKeys() throws {
        try withFolder { folder in
            let state = StateDirectory(root: folder + "/deep/state", run: folder + "/run")
            try Directories.prepare(state, stages: ["classifier"])
            for path in [state.root, state.run, state.bus, state.keys, state.inboxes(stage: "classifier")] {
                #expect(mode(path) == 0o700, "\(path)")
            }
            let key = try #require(FileManager.default.contents(atPath: state.key(stage: "classifier")))
            #expect(key.count == 32)
            #expect(mode(state.key(stage: "classifier")) == 0o600)
            #expect(
                FileManager.default.contents(atPath: state.recordingKey)
                    != FileManager.default.contents(atPath: state.maskingKey))
            try Directories.prepare(state, stages: ["classifier"])
            #expect(FileManager.default.contents(atPath: state.key(stage: "classifier")) == key)
        }
    }

    @Test func refusesADirectoryThatOthersCanWrite() throws {
        try withFolder { folder in
            for bits in [0o770, 0o702, 0o777] as [UInt32] {
                chmod(folder, bits)
                #expect(throws: SupervisorError.self) { try Directories.makeDirectory(folder) }
            }
        }
    }

    @Test func refusesALinkAndAFile() throws {
        try withFolder { folder in
            symlink("/tmp", folder + "/link")
            try Data().write(to: URL(fileURLWithPath: folder + "/file"))
            #expect(throws: SupervisorError.self) { try Directories.makeDirectory(folder + "/link") }
            #expect(throws: SupervisorError.self) { try Directories.makeDirectory(folder + "/file") }
        }
    }

    @Test func refusesAKeyThatIsShortOpenOrALink() throws {
        try withFolder { folder in
            let path = folder + "/a.key"
            try Data(repeating: 1, count: 31).write(to: URL(fileURLWithPath: path))
            chmod(path, 0o600)
            #expect(throws: SupervisorError.self) { try Directories.makeKey(path) }
            try Data(repeating: 1, count: 32).write(to: URL(fileURLWithPath: path))
            chmod(path, 0o640)
            #expect(throws: SupervisorError.self) { try Directories.makeKey(path) }
            symlink("/dev/zero", folder + "/b.key")
            #expect(throws: SupervisorError.self) { try Directories.makeKey(folder + "/b.key") }
        }
    }

    @Test func makesNoKeyForTheRecordingsOfAnother() throws {
        try withFolder { folder in
            let (key, recordings) = (folder + "/a.key", folder + "/recordings")
            try FileManager.default.createDirectory(
                atPath: recordings + "/recorder-0", withIntermediateDirectories: true)
            try Data().write(to: URL(fileURLWithPath: recordings + "/recorder-0/head"))
            #expect(throws: SupervisorError.self) { try Directories.makeKey(key, of: recordings) }
            #expect(!FileManager.default.fileExists(atPath: key))
            try FileManager.default.removeItem(atPath: recordings + "/recorder-0")
            try Directories.makeKey(key, of: recordings)
            #expect(FileManager.default.fileExists(atPath: key))
        }
    }

    @Test func manyWhoMakeOneKeyGetTheSame() throws {
        try withFolder { folder in
            let keys = Mutex<Set<Data>>([])
            DispatchQueue.concurrentPerform(iterations: 8) { _ in
                do {
                    try Directories.makeKey(folder + "/a.key")
                    let key = try Data(contentsOf: URL(fileURLWithPath: folder + "/a.key"))
                    _ = keys.withLock { $0.insert(key) }
                } catch {
                    Issue.record(error)
                }
            }
            #expect(keys.withLock { $0.count } == 1)
            let names = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(names == ["a.key"])
        }
    }

    @Test func onlyOneHolderAtATime() throws {
        try withFolder { folder in
            let state = StateDirectory(root: folder, run: folder)
            try Directories.lock(state)
            let names = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(names == ["lock"])
            let error = #expect(throws: SupervisorError.self) { try Directories.lock(state) }
            #expect(error?.message.contains("already running (pid \(getpid()))") == true)
        }
    }
}

@Suite("Children")
struct ChildTests {
    /// Runs a shell script to its end.
    private func run(_ script: String, environment: [String: String] = [:]) throws -> (
        exit: Fleet.Exit, lines: [String], child: Child
    ) {
        let lifeline = try PipeEnds(blocking: true)
        defer { lifeline.closeBoth() }
        var child = try Child(
            Child.Program(arguments: ["/bin/sh", "-c", script], environment: environment), lifeline: lifeline.reader)
        var lines: [String] = []
        while true {
            var polled = [child.output.descriptor, child.errors.descriptor].filter { $0 >= 0 }.map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
            if polled.isEmpty { break }
            _ = poll(&polled, nfds_t(polled.count), -1)
            lines += child.readLines()
        }
        while true {
            if let exit = child.reap() { return (exit, lines + child.finish(), child) }
            _ = poll(nil, 0, 5)
        }
    }

    @Test func givesLinesStatusAndEnvironment() throws {
        let result = try run("echo $NAME; echo bad >&2; exit 3", environment: ["NAME": "value"])
        #expect(result.exit == .status(3))
        #expect(result.lines.sorted() == ["bad", "value"])
        #expect(result.child.lastLines == ["bad"])
    }

    @Test func saysWhichSignalEndedIt() throws {
        #expect(try run("kill -9 $$").exit == .signal(9))
    }

    @Test func keepsOnlyTheLastLines() throws {
        let result = try run("for i in 1 2 3 4 5 6 7; do echo $i >&2; done; exit 1")
        #expect(result.child.lastLines == ["3", "4", "5", "6", "7"])
    }

    @Test func hasOnlyItsOwnDescriptorsAndGroup() throws {
        let result = try run(
            "for fd in 0 1 2 3; do [ -e /proc/$$/fd/$fd ] && echo $fd; done; set -- $(cat /proc/$$/stat); [ $5 = $$ ] && echo group"
        )
        #expect(result.lines == ["0", "1", "2", "3", "group"])
    }

    @Test func listeningSocketsComeBeforeTheLifeline() throws {
        let lifeline = try PipeEnds(blocking: true)
        let first = try PipeEnds(blocking: true)
        let second = try PipeEnds(blocking: true)
        defer { for ends in [lifeline, first, second] { ends.closeBoth() } }
        var program = Child.Program(
            arguments: ["/bin/sh", "-c", "for fd in 3 4 5; do readlink /proc/$$/fd/$fd; done"], environment: [:])
        program.listeners = [first.reader, second.reader]
        #expect(Child.lifelineDescriptor(listeners: 2) == 5)
        var child = try Child(program, lifeline: lifeline.reader)
        var lines: [String] = []
        while child.output.descriptor >= 0 {
            var polled = [pollfd(fd: child.output.descriptor, events: Int16(POLLIN), revents: 0)]
            _ = poll(&polled, 1, -1)
            lines += child.readLines()
        }
        let expected = try [first, second, lifeline].map {
            try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0.reader)")
        }
        #expect(lines == expected)
        while child.reap() == nil { _ = poll(nil, 0, 5) }
        _ = child.finish()
    }

    @Test func theLifelineBlocksUntilItCloses() throws {
        let lifeline = try PipeEnds(blocking: true)
        #expect(fcntl(lifeline.reader, F_GETFL) & O_NONBLOCK == 0)
        var child = try Child(
            Child.Program(arguments: ["/bin/sh", "-c", "read line <&3 || echo gone"], environment: [:]),
            lifeline: lifeline.reader)
        lifeline.closeBoth()
        var lines: [String] = []
        while child.output.descriptor >= 0 {
            var polled = [pollfd(fd: child.output.descriptor, events: Int16(POLLIN), revents: 0)]
            _ = poll(&polled, 1, -1)
            lines += child.readLines()
        }
        #expect(lines == ["gone"])
        while child.reap() == nil { _ = poll(nil, 0, 5) }
        _ = child.finish()
    }

    @Test func oneThatWritesWithoutEndGivesOthersTheirTurn() throws {
        let lifeline = try PipeEnds(blocking: true)
        defer { lifeline.closeBoth() }
        var child = try Child(
            Child.Program(arguments: ["/bin/sh", "-c", "exec yes line"], environment: [:]), lifeline: lifeline.reader)
        for _ in 0..<5 {
            var polled = [pollfd(fd: child.output.descriptor, events: Int16(POLLIN), revents: 0)]
            _ = poll(&polled, 1, -1)
            #expect(child.readLines().count <= Child.turnBytes / 5 + 1)
        }
        child.signalGroup(SIGKILL)
        while child.reap() == nil { _ = poll(nil, 0, 5) }
        _ = child.finish()
    }

    @Test func aMissingProgramIsAnError() throws {
        let lifeline = try PipeEnds(blocking: true)
        defer { lifeline.closeBoth() }
        #expect(throws: SupervisorError.self) {
            try Child(Child.Program(arguments: ["/nonexistent/program"], environment: [:]), lifeline: lifeline.reader)
        }
    }
}

@Suite("Status")
struct StatusTests {
    @Test func aProcessThatNobodyWaitedForIsDead() throws {
        let lifeline = try PipeEnds(blocking: true)
        defer { lifeline.closeBoth() }
        var child = try Child(Child.Program(arguments: ["/bin/true"], environment: [:]), lifeline: lifeline.reader)
        #expect(Status.lives(getpid()))
        var info = siginfo_t()
        #expect(waitid(P_PID, id_t(child.pid), &info, WEXITED | WNOWAIT) == 0)
        #expect(!Status.lives(child.pid))
        let process = Status.Process(stage: "masker", replica: 0, pid: child.pid, state: "ready", restarts: 0)
        #expect(!Status(stages: [process]).checked().isRunning)
        _ = child.reap()
        _ = child.finish()
        #expect(!Status.lives(child.pid))
    }

    @Test func scriptsFindEveryKey() throws {
        let process = Status.Process(stage: "masker", replica: 0, pid: nil, state: "restarting", restarts: 2)
        let text = String(decoding: try JSONEncoder().encode(Status(stages: [process])), as: UTF8.self)
        for key in ["stage", "replica", "pid", "state", "restarts"] { #expect(text.contains("\"\(key)\"")) }
    }
}

@Suite("Stage environment")
struct EnvironmentTests {
    @Test func onlyIngressSeesSecrets() throws {
        let text = """
            state: s
            listeners: {postgres: 127.0.0.1:1}
            resources: [{name: a, protocol: postgres, target: "h:1/d", credentials: {user: u, password: {env: DB_PASSWORD}}}]
            policy: p.yaml
            """
        let configuration = try Configuration.parse(text, file: "/srv/sluice.yaml")
        let inherited = ["DB_PASSWORD": "x", "SLUICE_TOKEN": "y", "PATH": "/bin", "LISTEN_PID": "7"]
        let masker = Supervisor.environment(
            of: "masker", replica: 1, configuration: configuration, inherited: inherited)
        #expect(masker["DB_PASSWORD"] == nil)
        #expect(masker["SLUICE_TOKEN"] == nil)
        #expect(masker["PATH"] == "/bin")
        #expect(masker["LISTEN_PID"] == nil)
        #expect(masker["SLUICE_REPLICA"] == "1")
        #expect(masker["SLUICE_KEY_FILE"] == "/srv/s/keys/masker.key")
        #expect(masker["SLUICE_KEYS"] == "/srv/s/keys")
        #expect(masker["SWIFT_BACKTRACE"] == "enable=no")
        let ingress = Supervisor.environment(
            of: "ingress", replica: 0, configuration: configuration, inherited: inherited)
        #expect(ingress["DB_PASSWORD"] == "x")
        #expect(ingress["SLUICE_TOKEN"] == nil)
    }

    @Test func archiverAndExpirerSeeTheArchivesSecrets() throws {
        let text = """
            state: s
            listeners: {postgres: 127.0.0.1:1}
            resources: [{name: a, protocol: postgres, target: "h:1/d", credentials: {user: u, password: {env: DB_PASSWORD}}}]
            policy: p.yaml
            recording:
              archive:
                endpoint: https://h
                bucket: bucket
                credentials: {access_key: {env: ACCESS}, secret_key: {env: SECRET}}
            """
        let configuration = try Configuration.parse(text, file: "/srv/sluice.yaml")
        let inherited = ["DB_PASSWORD": "x", "ACCESS": "y", "SECRET": "z"]
        for stage in ["archiver", "expirer", "ingress", "recorder", "custom"] {
            let isArchives = ["archiver", "expirer"].contains(stage)
            let seen = Supervisor.environment(of: stage, replica: 0, configuration: configuration, inherited: inherited)
            #expect(
                (seen["SECRET"] != nil) == isArchives && (seen["ACCESS"] != nil) == isArchives)
            #expect((seen["DB_PASSWORD"] != nil) == (stage == "ingress"))
        }
    }

    @Test func onlyTheForwarderSeesSecretsOfSinks() throws {
        let text = """
            state: s
            listeners: {postgres: 127.0.0.1:1}
            resources: [{name: a, protocol: postgres, target: "h:1/d", credentials: {user: u, password: {env: DB_PASSWORD}}}]
            policy: p.yaml
            recording: {forward: {sinks: {a: {webhook: {url: "https://h/", secret: {env: HOOK_SECRET}}}}}}
            """
        let configuration = try Configuration.parse(text, file: "/srv/sluice.yaml")
        let inherited = ["DB_PASSWORD": "x", "HOOK_SECRET": "y"]
        let seen = ["ingress", "forwarder", "recorder"].map { stage in
            Supervisor.environment(of: stage, replica: 0, configuration: configuration, inherited: inherited)
                .keys.filter(inherited.keys.contains).sorted()
        }
        #expect(seen == [["DB_PASSWORD"], ["HOOK_SECRET"], []])
    }
}
