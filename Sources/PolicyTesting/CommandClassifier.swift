import Contract
import PostgresClassify

/// Turns a command's text into facts as the classifier does, offline.
public enum CommandClassifier {
    /// By protocol: the command's text and, where it is known, the target's catalogue.
    private static let classifiers: [String: @Sendable ([UInt8], Catalog?) -> Facts] = [
        "postgres": { PostgresClassifier().facts(of: $0, catalog: $1) }
    ]

    /// By protocol: the command without what tells it from others of its kind.
    private static let shapes: [String: @Sendable (String) -> String] = ["postgres": statementShape]

    /// The command with marks for its constants; itself where they are not known.
    static func shape(of text: String, protocol name: String) -> String { shapes[name]?(text) ?? text }

    /// nil for a protocol whose commands cannot be judged offline.
    public static func facts(of text: [UInt8], protocol name: String, catalog: Catalog?) -> Facts? {
        classifiers[name]?(text, catalog)
    }
}
