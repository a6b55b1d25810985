import StrictYAML

/// Paths as text. `..` stays: removing it by text is wrong across symbolic links.
enum Path {
    static func absolute(_ path: String, in folder: String) -> String {
        let joined = path.hasPrefix("/") ? path : folder + "/" + path
        let parts = joined.split(separator: "/").filter { $0 != "." }
        return "/" + parts.joined(separator: "/")
    }

    static func folder(of file: String) -> String {
        let parts = file.split(separator: "/").dropLast()
        return "/" + parts.joined(separator: "/")
    }
}

extension StrictNode {
    /// A path without NUL bytes.
    func path() throws(ConfigurationError) -> String {
        let text = try string()
        guard !text.isEmpty, !text.utf8.contains(0) else { throw error("expected a path") }
        return text
    }
}
