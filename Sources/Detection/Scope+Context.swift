extension Scope {
    /// How far from a word a value may begin, after it and before it.
    private static let bytesAfterWord = 48
    private static let bytesBeforeWord = 48
    /// A label and what it labels stand closer than numbers and their names in prose.
    private static let bytesAfterLabel = 40

    /// Values around the context word at `word`.
    func values(_ check: Detector.ContextCheck, near word: Range<Int>, found: (Range<Int>) -> Void) {
        guard isContextWord(word) else { return }
        let after = word.upperBound..<min(upper, word.upperBound + Scope.bytesAfterWord)
        let label = word.upperBound..<min(upper, word.upperBound + Scope.bytesAfterLabel)
        let around = max(lower, word.lowerBound - Scope.bytesBeforeWord)..<after.upperBound
        switch check {
        case .socialSecurity, .taxpayer, .cpf, .cnpj, .germanTax, .aadhaar, .iban:
            numbers(check, in: around, found: found)
        case .germanIDCard: if let match = germanIDCard(in: after) { found(match) }
        case .passport: if let match = passport(in: after) { found(match) }
        case .date: if let match = date(in: label) { found(match) }
        case .phone: phones(in: label, found: found)
        case .personName: if let match = nameAfterWord(in: label, needsDictionary: false) { found(match) }
        case .possibleName: if let match = nameAfterWord(in: label, needsDictionary: true) { found(match) }
        case .address: if let match = addressAfterWord(in: label) { found(match) }
        case .awsSecret: awsSecrets(in: after, found: found)
        case .highEntropy: highEntropy(in: label, found: found)
        case .password: break
        }
    }

    /// Values of a field, `range`, whose column's name says what it holds.
    func values(_ check: Detector.ContextCheck, field range: Range<Int>, found: (Range<Int>) -> Void) {
        switch check {
        case .socialSecurity, .taxpayer, .cpf, .cnpj, .germanTax, .aadhaar, .iban:
            numbers(check, in: range, found: found)
        case .germanIDCard: if let match = germanIDCard(in: range) { found(match) }
        case .passport: if let match = passport(in: range) { found(match) }
        case .date: if let match = date(in: range) { found(match) }
        case .phone: phones(in: range, found: found)
        case .personName: if let match = nameField(range, needsDictionary: false) { found(match) }
        case .possibleName: if let match = nameField(range, needsDictionary: true) { found(match) }
        case .address: if let match = addressField(range) { found(match) }
        case .awsSecret: awsSecrets(in: range, found: found)
        case .highEntropy: highEntropy(in: range, found: found)
        case .password: if let match = password(range) { found(match) }
        }
    }

    /// Identifiers with rules of their own, which any word nearby makes believable.
    private func numbers(_ check: Detector.ContextCheck, in range: Range<Int>, found: (Range<Int>) -> Void) {
        switch check {
        case .socialSecurity: socialSecurityNumbers(in: range, found: found)
        case .taxpayer: taxpayerNumbers(in: range, found: found)
        case .cpf: bareNumbers(of: 11, in: range) { if isCPF($0) { found($0) } }
        case .cnpj: bareNumbers(of: 14, in: range) { if isCNPJ($0) { found($0) } }
        case .germanTax: bareNumbers(of: 11, in: range) { if isGermanTaxNumber($0) { found($0) } }
        case .aadhaar: bareNumbers(of: 12, in: range) { if isAadhaar($0) { found($0) } }
        case .iban: ibans(in: range, found: found)
        case .germanIDCard, .passport, .date, .phone, .personName, .possibleName, .address, .awsSecret, .highEntropy,
            .password:
            break
        }
    }
}
