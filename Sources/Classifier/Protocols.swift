import Contract
import PostgresClassify

/// Every protocol that this process can classify: one line each.
struct ClassifierProtocols {
    private let classifiers: [String: ([UInt8]) -> Facts]

    init() {
        let postgres = PostgresClassifier()
        classifiers = [
            "postgres": { postgres.facts(of: $0) }
        ]
    }

    func classifier(for name: String) -> (([UInt8]) -> Facts)? { classifiers[name] }
}
