import CZeroMQ
import Foundation
import Glibc

/// The CURVE keys of the links between hosts: one pair per stage, as Z85 text in one folder.
///
/// | file | mode | what |
/// |---|---|---|
/// | `<stage>.public` | 0644 | the stage's public key |
/// | `<stage>.secret` | 0600 | its secret key; only where it runs |
/// | `<stage>.previous.public` | 0644 | the public key before the last rotation, admitted for ``grace``; an empty line; `rotated` and the Unix time of that, since a copy's own time says nothing |
public struct LinkKeyFolder: Sendable {
    /// Characters of a key as Z85 text.
    static let textLength = 40
    /// How long a former public key is admitted after its rotation, seconds: 24 hours.
    public static let grace: TimeInterval = 86_400
    /// How far ahead the clock of the host that made a key may be, seconds.
    static let clockSkew: TimeInterval = 300
    /// Before the time of its rotation in a former key's file.
    private static let rotated = "rotated "
    /// Bytes of a file that are looked at.
    private static let fileLength = 256

    public let path: String

    public init(path: String) { self.path = path }

    /// What is known of one stage's key.
    public struct Description: Sendable {
        public let stage: String
        public let publicKey: String
        public let hasSecret: Bool
        public let made: Date
        /// The former public key while it is admitted.
        public let previous: String?
    }

    /// Makes a pair for `stage` unless its public key is there. True: it was made.
    public func make(stage: String) throws(BusError) -> Bool {
        try prepare()
        guard access(file(stage, "public"), F_OK) != 0 else { return false }
        try write(pair: try Self.pair(), stage: stage)
        return true
    }

    /// Makes a new pair for `stage`; the former public key stays admitted for ``grace``.
    public func rotate(stage: String) throws(BusError) {
        try prepare()
        if let former = try text(stage, "public") {
            // Those who know the key alone read as far as the empty line.
            let text = "\(former)\n\n\(Self.rotated)\(Int(Date().timeIntervalSince1970))"
            try write(text, to: file(stage, "previous.public"), mode: 0o644)
        }
        try write(pair: try Self.pair(), stage: stage)
    }

    public func describe(stage: String) throws(BusError) -> Description? {
        guard let key = try text(stage, "public") else { return nil }
        return Description(
            stage: stage, publicKey: key, hasSecret: access(file(stage, "secret"), F_OK) == 0,
            made: modified(file(stage, "public")) ?? .distantPast, previous: try admittedPrevious(stage))
    }

    /// Everything that a process needs of the folder: all public keys, and the secret one of `stage`.
    func read(stage own: String, stages: [String]) throws(BusError) -> LinkKeys {
        var current: [String: LinkKey] = [:]
        var previous: [String: LinkKey] = [:]
        for stage in stages {
            if let text = try text(stage, "public") { current[stage] = try LinkKey(text: text) }
            if let text = try admittedPrevious(stage) { previous[stage] = try LinkKey(text: text) }
        }
        guard let secret = try text(own, "secret") else {
            throw BusError(.environment, "no key \(file(own, "secret")): make it with `sluice keys make`")
        }
        return LinkKeys(
            publicKey: try LinkKey(text: try Self.publicKey(of: secret)), secretKey: try LinkKey(text: secret),
            current: current, previous: previous)
    }

    // MARK: - Files

    private func file(_ stage: String, _ kind: String) -> String { "\(path)/\(stage).\(kind)" }

    private func prepare() throws(BusError) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw Self.failure("make \(path)") }
    }

    private func text(_ stage: String, _ kind: String) throws(BusError) -> String? {
        let path = file(stage, kind)
        guard let data = FileManager.default.contents(atPath: path) else {
            guard access(path, F_OK) != 0, errno == ENOENT else { throw Self.failure("read \(path)") }
            return nil
        }
        let text = String(decoding: data.prefix(Self.textLength + 2), as: UTF8.self).filter { !$0.isWhitespace }
        guard text.utf8.count == Self.textLength else { throw BusError(.environment, "\(path) is no key") }
        return text
    }

    private func admittedPrevious(_ stage: String) throws(BusError) -> String? {
        // A time to come tells nothing of when it was replaced.
        guard let since = try replaced(stage), case let age = Date().timeIntervalSince(since), age >= -Self.clockSkew,
            age < Self.grace
        else { return nil }
        return try text(stage, "previous.public")
    }

    /// When the former key was replaced: as its file says, or, of one that an earlier version wrote, the file's own time. Nil
    /// when there is none.
    private func replaced(_ stage: String) throws(BusError) -> Date? {
        let path = file(stage, "previous.public")
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        let lines = String(decoding: data.prefix(Self.fileLength), as: UTF8.self).split(whereSeparator: \.isNewline)
        guard lines.count > 1 else { return modified(path) }
        guard lines[1].hasPrefix(Self.rotated), let seconds = TimeInterval(lines[1].dropFirst(Self.rotated.count))
        else {
            throw BusError(.environment, "\(path) does not say when it was replaced")
        }
        return Date(timeIntervalSince1970: seconds)
    }

    private func modified(_ path: String) -> Date? {
        var info = stat()
        guard stat(path, &info) == 0 else { return nil }
        return Date(timeIntervalSince1970: TimeInterval(info.st_mtim.tv_sec))
    }

    /// The secret comes last: a process that sees it sees its public key too.
    private func write(pair: (publicKey: String, secretKey: String), stage: String) throws(BusError) {
        try write(pair.publicKey, to: file(stage, "public"), mode: 0o644)
        try write(pair.secretKey, to: file(stage, "secret"), mode: 0o600)
    }

    private func write(_ text: String, to path: String, mode: mode_t) throws(BusError) {
        let temporary = path + ".new"
        unlink(temporary)
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
        guard file >= 0 else { throw Self.failure("make \(path)") }
        defer { close(file) }
        let bytes = Array((text + "\n").utf8)
        guard Glibc.write(file, bytes, bytes.count) == bytes.count, fchmod(file, mode) == 0, fsync(file) == 0,
            rename(temporary, path) == 0
        else { throw Self.failure("write \(path)") }
    }

    private static func failure(_ what: String) -> BusError {
        BusError(.environment, "cannot \(what): \(String(cString: strerror(errno)))")
    }

    private static func pair() throws(BusError) -> (publicKey: String, secretKey: String) {
        var publicKey = [CChar](repeating: 0, count: textLength + 1)
        var secretKey = publicKey
        guard zmq_curve_keypair(&publicKey, &secretKey) == 0 else { throw lastSocketError("zmq_curve_keypair") }
        return (String(bytes: publicKey), String(bytes: secretKey))
    }

    private static func publicKey(of secret: String) throws(BusError) -> String {
        var publicKey = [CChar](repeating: 0, count: textLength + 1)
        guard zmq_curve_public(&publicKey, secret) == 0 else { throw BusError(.environment, "a secret key is none") }
        return String(bytes: publicKey)
    }
}

extension String {
    fileprivate init(bytes: [CChar]) {
        self = String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// One key, public or secret.
struct LinkKey: Sendable, Hashable {
    static let size = 32
    let bytes: [UInt8]

    init(text: String) throws(BusError) {
        var bytes = [UInt8](repeating: 0, count: Self.size)
        guard text.utf8.count == LinkKeyFolder.textLength, zmq_z85_decode(&bytes, text) != nil else {
            throw BusError(.environment, "a key is \(LinkKeyFolder.textLength) characters of Z85")
        }
        self.bytes = bytes
    }

    init(bytes: [UInt8]) { self.bytes = bytes }
}

/// The keys as one process knows them now.
struct LinkKeys: Sendable, Equatable {
    let publicKey: LinkKey
    let secretKey: LinkKey
    let current: [String: LinkKey]
    let previous: [String: LinkKey]

    /// The keys under which `stage` may answer, the likeliest first.
    func serverKeys(of stage: String) -> [LinkKey] { [current[stage], previous[stage]].compactMap { $0 } }

    /// The stage that a public key belongs to.
    func owner(of key: LinkKey) -> String? {
        current.first { $0.value == key }?.key ?? previous.first { $0.value == key }?.key
    }
}
