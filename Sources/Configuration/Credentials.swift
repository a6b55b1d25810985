import Foundation
import StrictYAML

/// How Sluice logs in at the target.
public struct Credentials: Sendable, Equatable {
    public let user: String
    public let password: SecretSource

    init(user: String, password: String) {
        self.user = user
        self.password = .plain(password)
    }

    init(_ node: StrictNode, folder: String) throws(ConfigurationError) {
        var keys = try node.mapping()
        var mistakes = Mistakes()
        user = mistakes.attempt(try Self.user(keys.required("user"))) ?? ""
        password =
            mistakes.attempt(
                try keys.optional("password").map { node throws(ConfigurationError) in
                    try SecretSource(node, folder: folder)
                }) ?? .absent
        mistakes.attempt(try keys.finish())
        try mistakes.finish()
    }

    private static func user(_ node: StrictNode) throws(ConfigurationError) -> String {
        let user = try node.string()
        guard !user.isEmpty, user.utf8.count <= 63, !user.utf8.contains(0) else {
            throw node.error("expected a user name of 1 to 63 bytes")
        }
        return user
    }
}

/// Where a secret comes from. Only Ingress resolves it; no description ever shows a secret.
public enum SecretSource: Sendable, Equatable {
    /// An environment variable of the process that resolves it.
    case environment(String)
    /// The text of the file at this absolute path, without a newline at its end.
    case file(String)
    /// Written in the configuration file.
    case plain(String)
    /// None: the target must ask for no password.
    case absent

    var environmentName: String? {
        switch self {
        case .environment(let name): name
        case .file, .plain, .absent: nil
        }
    }

    /// Largest secret, in bytes.
    public static let maximumSize = 64 * 1024

    init(_ node: StrictNode, folder: String) throws(ConfigurationError) {
        if node.isScalar {
            let text = try node.string()
            guard !text.isEmpty, !text.utf8.contains(0) else { throw node.error("an empty password is no password") }
            self = .plain(text)
            return
        }
        var keys = try node.mapping()
        let environment = keys.optional("env")
        let file = keys.optional("file")
        try keys.finish()
        switch (environment, file) {
        case (let environment?, nil):
            let name = try environment.string()
            guard !name.isEmpty, !name.contains("="), !name.utf8.contains(0) else {
                throw environment.error("expected the name of an environment variable")
            }
            self = .environment(name)
        case (nil, let file?):
            self = .file(Path.absolute(try file.path(), in: folder))
        case (nil, nil), (_?, _?):
            throw node.error("give the password as {env: NAME}, {file: PATH} or text")
        }
    }

    /// The secret itself. Throws ``SecretError`` when its source has none; an empty secret counts as none.
    public func resolve() throws(SecretError) -> String {
        switch self {
        case .environment(let name):
            guard let value = ProcessInfo.processInfo.environment[name], !value.isEmpty else {
                throw SecretError(message: "environment variable \(name) is not set")
            }
            return value
        case .file(let path):
            guard let data = FileManager.default.contents(atPath: path) else {
                throw SecretError(message: "\(path) cannot be read")
            }
            guard data.count <= Self.maximumSize, var text = String(validating: data, as: UTF8.self),
                !text.utf8.contains(0)
            else {
                throw SecretError(message: "\(path) is not a text of at most \(Self.maximumSize) bytes")
            }
            if text.utf8.last == 0x0a { text.unicodeScalars.removeLast() }
            if text.utf8.last == 0x0d { text.unicodeScalars.removeLast() }
            guard !text.isEmpty else { throw SecretError(message: "\(path) is empty") }
            return text
        case .plain(let text):
            return text
        case .absent:
            throw SecretError(message: "no password is configured")
        }
    }
}

extension SecretSource: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String {
        switch self {
        case .environment(let name): "environment variable \(name)"
        case .file(let path): "file \(path)"
        case .plain: "configuration file"
        case .absent: "none"
        }
    }

    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why a secret could not be had. Names its source, never the secret.
public struct SecretError: Error, Sendable, Equatable, CustomStringConvertible {
    public let message: String
    public var description: String { message }
}
