extension Scope {
    /// SWIFT IBAN registry: the length of the numbers of each country.
    private static let ibanLengths: [UInt8] = {
        let registry = """
            AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29
            ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20
            LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29
            PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20
            YE30
            """
        var lengths = [UInt8](repeating: 0, count: 26 * 26)
        for entry in registry.split(whereSeparator: \.isWhitespace) {
            let bytes = Array(entry.utf8)
            lengths[Int(bytes[0] - 0x41) * 26 + Int(bytes[1] - 0x41)] = (bytes[2] - 0x30) * 10 + bytes[3] - 0x30
        }
        return lengths
    }()

    /// The account number whose country, check digits and first two symbols end before `end`.
    func iban(end: Int) -> Range<Int>? {
        iban(from: startOfPair(before: end), anyCase: false)
    }

    /// The first byte of what the trigger `AB 12 34`, with or without its spaces, spans.
    private func startOfPair(before end: Int) -> Int {
        var start = end - 2
        for _ in 0..<2 { start -= byte(start - 1) == 0x20 ? 3 : 2 }
        return start
    }

    /// ISO 13616: bare, or in groups of four divided by single spaces.
    func iban(from start: Int, anyCase: Bool) -> Range<Int>? {
        guard start >= lower, start + 15 <= upper, self[start].isLetter, self[start + 1].isLetter,
            !isJoined(before: start)
        else { return nil }
        let country = Int(self[start] & 0xdf &- 0x41) * 26 + Int(self[start + 1] & 0xdf &- 0x41)
        let length = Int(Scope.ibanLengths[country])
        guard length > 0 else { return nil }
        var index = start
        var symbols = 0
        var spaces = 0
        while symbols < length {
            let byte = self.byte(index)
            if byte.isDigit || (anyCase ? byte.isLetter : byte.isUpper) {
                symbols += 1
            } else if byte == 0x20, symbols % 4 == 0, symbols > 0, self.byte(index - 1) != 0x20 {
                spaces += 1
            } else {
                return nil
            }
            index += 1
        }
        let range = start..<index
        guard !isJoined(after: index), spaces == 0 || spaces == (length - 1) / 4 else {
            return nil
        }
        return Symbols(self, range).isMod97Valid ? range : nil
    }

    /// In a field or after a word that says so, small letters are taken too.
    func ibans(in range: Range<Int>, found: (Range<Int>) -> Void) {
        words(in: range) { if let match = iban(from: $0.lowerBound, anyCase: true) { found(match) } }
    }

    /// HMRC, National Insurance Manual NIM39110: prefixes that are not used; the suffix is A to D.
    func nino(end: Int) -> Range<Int>? {
        let start = startOfPair(before: end)
        guard start >= lower, let first = Scope.letter(byte(start)), let second = Scope.letter(byte(start + 1)),
            !Scope.ninoUnused.contains(byte(start)), !Scope.ninoUnused.contains(byte(start + 1)), second != 0x4f,
            self[end - 1].isDigit, self[end - 2].isDigit
        else { return nil }
        switch (first, second) {
        case (0x42, 0x47), (0x47, 0x42), (0x4b, 0x4e), (0x4e, 0x4b), (0x4e, 0x54), (0x54, 0x4e), (0x5a, 0x5a):
            return nil
        case _: break
        }
        let space = byte(start + 2) == 0x20 ? 1 : 0
        var index = start + 2 + space
        for group in 0..<3 {
            guard byte(index).isDigit, byte(index + 1).isDigit else { return nil }
            index += 2
            // All groups are divided in the same way, the first space apart: `AB 123456 C` is written too.
            if group < 2, byte(index) == 0x20 {
                guard space == 1 else { return nil }
                index += 1
            }
        }
        if byte(index) == 0x20, (0x41...0x44).contains(byte(index + 1)) { index += 1 }
        guard (0x41...0x44).contains(byte(index)) else { return nil }
        let range = start..<index + 1
        return isWord(range) ? range : nil
    }

    private static let ninoUnused = Detector.TokenRule.Alphabet("DFIQUV")

    private static func letter(_ byte: UInt8) -> UInt8? { byte.isUpper ? byte : nil }
}
