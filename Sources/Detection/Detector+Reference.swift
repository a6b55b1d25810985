extension Detector {
    /// docs/detectors.md: the tables of detectors as people read them.
    public static var reference: String {
        var text = """
            # Detectors

            Written from the tables in `Sources/Detection/Table`; after a change there run
            `SLUICE_WRITE_DOCS=1 swift test --filter DetectorReferenceTests`. How masks use detectors: [masking.md](masking.md).

            A policy names entities: `detect: [email, iban]`. `all` is every entity; `secret` is every credential,
            `aws_access_key`, `jwt` and `private_key` included, which can also be named alone. Everything that is found is masked,
            whatever its confidence:

            - `high`: a checksum is right, or the value has a form that was made to be recognised;
            - `medium`: a form that other data seldom has, or a form and a word that agrees with it;
            - `low`: only the words or the column around the value say what it is.

            Where findings overlap, each byte belongs to the longest finding over it, then to the surest, and the strictest
            style of all that overlap masks it. Examples of credentials are cut in two (`AKIA` `IOSF…`) so that scanners of
            source code leave them alone. *Column* is the name of the column, JSON key or form field that holds the value.

            | entity | detectors |
            |---|---|

            """
        for entity in Entity.all {
            text += "| [`\(entity.name)`](#\(entity.name)) | \(all.count(where: { $0.entity == entity })) |\n"
        }
        for entity in Entity.all {
            text +=
                "\n## \(entity.name)\n\n| detector | how it is verified | confidence | found | not found |\n|---|---|---|---|---|\n"
            for detector in all where detector.entity == entity { text += detector.row }
        }
        return text
    }

    private var row: String {
        let found = examples.map { example in
            let text = code(example.text, cut: isCredential)
            return example.column.isEmpty ? text : text + " in *\(example.column)*"
        }
        let missed = counterExamples.map { code($0, cut: isCredential) }
        return "| \(cell(name)) | \(cell(validation)) | \(confidence.name) | \(found.joined(separator: ", ")) | "
            + "\(missed.joined(separator: ", ")) |\n"
    }

    private var isCredential: Bool { Entity.secrets.contains(entity) }

    /// Markdown code; line ends are shown, long texts shortened.
    private func code(_ text: String, cut: Bool) -> String {
        let shown = text.replacing("\n", with: "↵")
        let parts: [Substring]
        if cut, shown.count > 16 {
            let middle = shown.index(shown.startIndex, offsetBy: shown.count > 60 ? 30 : shown.count / 2)
            let tail = shown[middle...]
            parts = [shown[..<middle], tail.count > 30 ? tail.prefix(29) + "…" : tail]
        } else {
            parts = [shown[...]]
        }
        return parts.map { part in
            let fence = part.contains("`") ? "``" : "`"
            return fence + cell(String(part)) + fence
        }.joined(separator: " ")
    }

    private func cell(_ text: String) -> String { text.replacing("|", with: "\\|") }
}
