/// The verification of one value's candidates, which come in ascending order.
struct Verification {
    private let engine: DetectionEngine
    private let scope: Scope
    private let range: Range<Int>
    // Where the last look of each kind ended: what lies before needs no second one, which keeps the work linear.
    private var numbersScanned: Int
    private var tokensScanned: Int
    private var keysScanned: Int
    private var valuesScanned: Int
    private var addressesScanned: Int

    init(_ engine: DetectionEngine, _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
        self.engine = engine
        self.range = range
        scope = Scope(bytes: bytes, lower: range.lowerBound, upper: range.upperBound)
        numbersScanned = range.lowerBound
        tokensScanned = range.lowerBound
        keysScanned = range.lowerBound
        valuesScanned = range.lowerBound
        addressesScanned = range.lowerBound
    }

    /// Appends what the trigger that ends before `end` leads to.
    mutating func check(_ candidate: Candidate, end: Int, into findings: inout [Finding]) {
        guard end <= range.upperBound else { return }
        let trigger = Int(candidate.trigger)
        if trigger == engine.program.digitsTrigger {
            if end > numbersScanned { numbers(end: end, into: &findings) }
            return
        }
        for index in engine.program.stepsOfTrigger[trigger] {
            step(engine.program.steps[index], end: end, into: &findings)
        }
    }

    private mutating func numbers(end: Int, into findings: inout [Finding]) {
        guard let run = scope.numberRun(end: end) else { return }
        numbersScanned = run.upperBound
        let numbers = engine.program.numbers
        for step in numbers where step.check == .paymentCard {
            scope.cards(in: run) {
                findings.append(Finding(entity: step.entity, range: $0, confidence: step.confidence))
            }
            if numbers.count == 1 { return }
        }
        scope.eachGroup(in: run) { groups in
            for step in numbers {
                guard let match = scope.match(step.check, groups) else { continue }
                findings.append(Finding(entity: step.entity, range: match, confidence: step.confidence))
            }
        }
    }

    private mutating func step(_ step: DetectionProgram.Step, end: Int, into findings: inout [Finding]) {
        let span = end - step.length..<end
        guard span.lowerBound >= range.lowerBound else { return }
        var isSure = false
        var match: Range<Int>?
        switch step.check {
        case .email: match = scope.email(at: span.lowerBound)
        case .number: break  // found in runs of digits
        case .internationalPhone: match = scope.internationalPhone(plus: span.lowerBound)
        case .iban: match = scope.iban(end: end)
        case .nino: match = scope.nino(end: end)
        case .pan: match = scope.pan(span)
        case .nie: match = scope.nie(end: end)
        case .cnpj: match = scope.cnpj(end: end)
        case .corsicanNIR: match = scope.corsicanNIR(end: end)
        case .ipv4: match = scope.ipv4(end: end)
        case .ipv6: match = scope.ipv6(at: end, scanned: &addressesScanned)
        case .macAddress: match = scope.macAddress(end: end)
        case .bitcoinBase58: match = scope.bitcoinBase58(start: span.lowerBound)
        case .bitcoinBech32: match = scope.bitcoinBech32(start: span.lowerBound)
        case .ethereum: match = scope.ethereum(end: end, isSure: &isSure)
        case .titledName: match = scope.titledName(title: span)
        case .namePair: match = scope.namePair(second: end)
        case .streetAddress(let form): match = scope.streetAddress(word: span, form: form)
        case .near(_, let check):
            scope.values(check, near: span) {
                findings.append(Finding(entity: step.entity, range: $0, confidence: step.confidence))
            }
        case .token(let rule): match = scope.token(prefix: span, rule: rule, isSure: &isSure)
        case .jsonWebToken: match = scope.jsonWebToken(start: span.lowerBound, scanned: &tokensScanned)
        case .privateKey:
            guard span.lowerBound >= keysScanned else { return }
            match = scope.privateKey(begin: span)
            keysScanned = match?.upperBound ?? keysScanned
        case .urlPassword: match = scope.urlPassword(separator: span)
        case .authorization: match = scope.authorization(scheme: span)
        case .keyValue:
            guard span.lowerBound >= valuesScanned else { return }
            match = scope.value(afterKey: span)
            valuesScanned = match?.upperBound ?? valuesScanned
        case .phrase(let index):
            match = engine.program.phrases[index].range(in: scope, around: span).flatMap { scope.isWord($0) ? $0 : nil }
        case .dictionary(let index): if engine.program.words[index].matches(scope, span) { match = span }
        }
        if let match {
            findings.append(Finding(entity: step.entity, range: match, confidence: isSure ? .high : step.confidence))
        }
    }

    /// Appends what the value's context and the custom detectors lead to.
    mutating func finish(context: FieldContext, into findings: inout [Finding]) throws(DetectionError) {
        if !context.isEmpty, !range.isEmpty {
            for step in engine.program.columns where context.contains(step.topic) {
                scope.values(step.check, field: range) {
                    findings.append(Finding(entity: step.entity, range: $0, confidence: step.confidence))
                }
            }
        }
        try engine.custom?.findings(in: scope, context: context, into: &findings)
    }
}
