import Contract
import PostgresClassify

/// Every protocol that this process can classify: one line each.
struct ClassifierProtocols {
    /// A command's text and, where it was read, the target's catalogue.
    typealias Classify = ([UInt8], Catalog?) -> Facts

    private let classifiers: [String: Classify]

    init() {
        let postgres = PostgresClassifier()
        classifiers = [
            "postgres": { postgres.facts(of: $0, catalog: $1) }
        ]
    }

    func classifier(for name: String) -> Classify? { classifiers[name] }
}
