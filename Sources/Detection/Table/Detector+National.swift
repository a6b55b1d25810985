// Numbers that states give to people and companies.
extension Detector {
    static let american: [Detector] = [
        Detector(
            entity: .usSSN, name: "US social security number, dashed",
            validation:
                "area not 000, 666 or 900 and above, group not 00, serial not 0000, not one of the two voided numbers",
            confidence: .medium,
            triggers: [.digits(9)], check: .number(.socialSecurity),
            examples: [
                Example("536-90-4399"), Example("id 001-01-0001,", "001-01-0001"),
                Example("SSN899-12-3456", "899-12-3456"),
            ],
            counterExamples: [
                "000-12-3456", "666-12-3456", "900-12-3456", "123-00-4567", "123-45-0000", "078-05-1120", "219-09-9999",
                "1123-45-6789", "123-45-67890", "123-45-6789-1", "1-123-45-6789", "2024-01-02",
            ]),
        near(
            .socialSecurity, .socialSecurity, entity: .usSSN, name: "US social security number, near a word",
            validation:
                "the same rules on 9 digits, bare or in groups by spaces, within 48 bytes of ssn or social security, or in a "
                + "column of such a name",
            confidence: .medium,
            examples: [
                Example("ssn: 536904399", "536904399"), Example("Social Security number 536904399", "536904399"),
                Example("536 90 4399 (SSN)", "536 90 4399"), Example("{\"user_ssn\":536904399}", "536904399"),
                Example("536904399", column: "custSSN"),
            ],
            counterExamples: ["536904399", "classname 536904399", "ssn 000123456", "ssn 5369043991", "ssn 0.536904399"]),
        Detector(
            entity: .usITIN, name: "US taxpayer number, dashed",
            validation: "area 900 and above, group 50 to 65, 70 to 88, 90 to 92 or 94 to 99",
            confidence: .medium,
            triggers: [.digits(9)], check: .number(.taxpayer),
            examples: [Example("912-70-1234"), Example("ITIN 999-94-0001.", "999-94-0001")],
            counterExamples: ["912-66-1234", "812-70-1234", "912-93-1234", "912-70-12345"]),
        near(
            .taxpayer, .taxpayer, entity: .usITIN, name: "US taxpayer number, near a word",
            validation: "the same rules on 9 digits within 48 bytes of itin or tax id, or in a column of such a name",
            confidence: .medium,
            examples: [Example("itin=912701234", "912701234"), Example("912701234", column: "tax_id")],
            counterExamples: ["912701234", "itin 912661234"]),
        Detector(
            entity: .brCPF, name: "Brazilian CPF", validation: "000.000.000-00 with two check digits modulo 11",
            confidence: .high,
            triggers: [.digits(11)], check: .number(.cpf),
            examples: [Example("111.444.777-35"), Example("CPF: 529.982.247-25", "529.982.247-25")],
            counterExamples: ["111.444.777-36", "111.111.111-11", "1111.444.777-35", "11144477735"]),
        near(
            .cpf, .cpf, entity: .brCPF, name: "Brazilian CPF, near a word",
            validation: "11 digits with the check digits, within 48 bytes of cpf or in a column of such a name",
            confidence: .high,
            examples: [Example("cpf 52998224725", "52998224725"), Example("52998224725", column: "cliente_cpf")],
            counterExamples: ["cpf 52998224726", "52998224725"]),
        Detector(
            entity: .brCNPJ, name: "Brazilian CNPJ",
            validation: "00.000.000/0000-00, the first twelve digits or capitals, with two check digits modulo 11",
            confidence: .high,
            triggers: [
                .expression("[0-9A-Z]{2}\\.[0-9A-Z]{3}\\.[0-9A-Z]{3}/[0-9A-Z]{4}-[0-9]{2}", length: 18)
            ], check: .cnpj,
            examples: [Example("11.222.333/0001-81"), Example("12.ABC.345/01DE-35")],
            counterExamples: ["11.222.333/0001-82", "12.ABC.345/01DE-36", "00.000.000/0000-00", "111.222.333/0001-81"]),
        near(
            .cnpj, .cnpj, entity: .brCNPJ, name: "Brazilian CNPJ, near a word",
            validation: "14 digits with the check digits, within 48 bytes of cnpj or in a column of such a name",
            confidence: .high,
            examples: [Example("CNPJ 11222333000181", "11222333000181"), Example("11222333000181", column: "cnpj")],
            counterExamples: ["11222333000181", "cnpj 11222333000182"]),
    ]

    static let european: [Detector] = [
        Detector(
            entity: .ukNINO, name: "UK National Insurance number",
            validation: "a prefix in use, six digits, a suffix A to D, bare or in groups by spaces",
            confidence: .high,
            triggers: [.shape(.capitalsAndDigits)], check: .nino,
            examples: [
                Example("AB123456C"), Example("NINO AB 12 34 56 C.", "AB 12 34 56 C"), Example("JG 103759 A"),
            ],
            counterExamples: [
                "QQ123456C", "BG123456A", "AB123456E", "AB1234567", "AO123456C", "XAB123456C", "AB12345C",
            ]),
        Detector(
            entity: .deTaxID, name: "German tax number, grouped",
            validation:
                "00 000 000 000, no leading zero, of the first ten digits one comes two or three times, ISO 7064 MOD 11,10",
            confidence: .high,
            triggers: [.digits(11)], check: .number(.germanTax),
            examples: [Example("86 095 742 719"), Example("IdNr. 47 036 892 816", "47 036 892 816")],
            counterExamples: ["86 095 742 718", "06 095 742 719", "86095742719", "12 345 678 901"]),
        near(
            .germanTax, .germanTax, entity: .deTaxID, name: "German tax number, near a word",
            validation:
                "11 digits with the same rules, within 48 bytes of Steuer-ID, IdNr, tax id, or in such a column",
            confidence: .high,
            examples: [
                Example("Steuer-ID: 86095742719", "86095742719"), Example("47036892816", column: "steuer_id"),
                Example("tax id 47036892816", "47036892816"),
            ],
            counterExamples: ["86095742719", "Steuer-ID 86095742718"]),
        near(
            .germanIDCard, .germanIDCard, entity: .deIDCard, name: "German identity card number",
            validation:
                "nine digits and capitals without vowels, perhaps the check digit of ICAO 9303, within 48 bytes of "
                + "Personalausweis, id card and the like, or in a column of such a name",
            confidence: .medium,
            examples: [
                Example("Personalausweis L01X00T471", "L01X00T471"), Example("Ausweisnummer: T22000129", "T22000129"),
                Example("LZ6311T475", column: "id_card_no"),
            ],
            counterExamples: [
                "L01X00T471", "Personalausweis L01X00T472", "Personalausweis LAEIOU123", "perso beantragt",
            ]),
        Detector(
            entity: .frNIR, name: "French social security number",
            validation: "sex, year, month, place and order, and the key modulo 97; bare or grouped",
            confidence: .high,
            triggers: [.digits(15)], check: .number(.nir),
            examples: [
                Example("1 85 05 78 006 084 91"), Example("NIR 255081416802538", "255081416802538"),
                Example("2550814168025 38"),
            ],
            counterExamples: ["255081416802539", "355081416802538", "255131416802538", "2550814168025380"]),
        Detector(
            entity: .frNIR, name: "French social security number, Corsica",
            validation: "the same with 2A or 2B for the department",
            confidence: .high,
            triggers: [.expression("2[AB] ?[0-9]{3} ?[0-9]{3}")], check: .corsicanNIR,
            examples: [Example("1 85 05 2A 006 084 35"), Example("185052A00608435")],
            counterExamples: ["185052A00608434", "2A 006 084"]),
        Detector(
            entity: .esDNI, name: "Spanish DNI", validation: "eight digits and the letter of the number modulo 23",
            confidence: .high,
            triggers: [.digits(8)], check: .number(.dni),
            examples: [Example("12345678Z"), Example("DNI 12.345.678-Z,", "12.345.678-Z"), Example("00000001-R")],
            counterExamples: ["12345678A", "12345678ZA", "112345678Z", "12345678"]),
        Detector(
            entity: .esNIE, name: "Spanish NIE", validation: "X, Y or Z, seven digits and the letter modulo 23",
            confidence: .high,
            triggers: [.expression("[XYZ]-?[0-9]{7}-?[A-Z]")], check: .nie,
            examples: [Example("X1234567L"), Example("NIE Y-0012345-P", "Y-0012345-P")],
            counterExamples: ["X1234567A", "AX1234567L", "X1234567LL"]),
    ]

    static let asian: [Detector] = [
        Detector(
            entity: .inAadhaar, name: "Indian Aadhaar number, grouped",
            validation: "0000 0000 0000, the first digit 2 or above, no palindrome, Verhoeff checksum",
            confidence: .high,
            triggers: [.digits(12)], check: .number(.aadhaar),
            examples: [Example("2341 2341 2346"), Example("UID 2341-2341-2346.", "2341-2341-2346")],
            counterExamples: ["2341 2341 2347", "1341 2341 2346", "2341 2341 2346 1111", "234123412346"]),
        near(
            .aadhaar, .aadhaar, entity: .inAadhaar, name: "Indian Aadhaar number, near a word",
            validation: "12 digits with the same rules, within 48 bytes of Aadhaar or in a column of such a name",
            confidence: .high,
            examples: [Example("Aadhaar no 234123412346", "234123412346"), Example("234123412346", column: "aadhaar")],
            counterExamples: ["234123412346", "aadhaar 234123412347"]),
        Detector(
            entity: .inPAN, name: "Indian PAN",
            validation:
                "five capitals, the fourth a kind of holder (ABCFGHJLPT), four digits that are not 0000, a capital",
            confidence: .medium,
            triggers: [.expression("[A-Z]{3}[ABCFGHJLPT][A-Z][0-9]{4}[A-Z]", length: 10)], check: .pan,
            examples: [Example("ABCPE1234F"), Example("PAN: AFZPK7190K.", "AFZPK7190K")],
            counterExamples: ["ABCDE1234F", "ABCPE0000F", "ABCPE1234FG", "abcpe1234f"]),
    ]
}
