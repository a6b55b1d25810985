extension Detector {
    static let personal: [Detector] = [
        near(
            .passport, .passport, entity: .passport, name: "passport number",
            validation:
                "seven to nine digits and capitals, four digits at least (two in the German alphabet), the first such word "
                + "within 48 bytes after passport in several languages, or in a column of such a name",
            confidence: .low,
            examples: [
                Example("passport no. 533380006", "533380006"), Example("Reisepass C01X00T47", "C01X00T47"),
                Example("{\"passport\": \"A1234567\"}", "A1234567"), Example("L898902C3", column: "passport_number"),
            ],
            counterExamples: ["533380006", "passport expires 20300101", "passport ABCDEFGHI", "passport 12345"]),
        near(
            .birth, .date, entity: .dateOfBirth, name: "date of birth",
            validation:
                "the first date from 1900 to 2029 within 40 bytes after date of birth, dob, born and the like in several "
                + "languages, or in a column of such a name",
            confidence: .medium,
            examples: [
                Example("DOB: 1980-05-17", "1980-05-17"), Example("born on 17 May 1980 in", "17 May 1980"),
                Example("geboren am 17.05.1980", "17.05.1980"), Example("date_of_birth='5/17/1980'", "5/17/1980"),
                Example("{\"birthDate\": \"1980-05-17\"}", "1980-05-17"), Example("1980-05-17", column: "birth_date"),
                Example("born May 17th, 1980", "May 17th, 1980"), Example("dob 19800517", "19800517"),
            ],
            counterExamples: [
                "1980-05-17", "created 1980-05-17", "dob 1980-13-40", "born in 1980", "stubborn 1980-05-17",
                "dob 1802-05-17",
            ]),
        Detector(
            entity: .personName, name: "name after a title",
            validation: "Mr, Mrs, Dr, Herr, Frau, Mme, Sra and the like, and one to three capitalised words",
            confidence: .medium,
            triggers: [
                "Mr", "Mrs", "Ms", "Miss", "Dr", "Prof", "Herr", "Herrn", "Frau", "Monsieur", "Madame", "Mme", "Sr",
                "Sra",
                "Señor", "Señora", "Senhor", "Senhora", "Signor", "Signora",
            ].map { .literal($0) }, check: .titledName,
            examples: [
                Example("Mr. Smith paid", "Smith"),
                Example("Frau Angela Müller-Lüdenscheidt", "Angela Müller-Lüdenscheidt"),
                Example("Dr Ana de la Cruz", "Ana de la Cruz"), Example("Mme Dupont", "Dupont"),
            ],
            counterExamples: ["Mr. and", "Mister", "DrJones", "Dr. no", "Frau"]),
        Detector(
            entity: .personName, name: "first name and surname",
            validation:
                "two capitalised words or more, the first in the dictionary of first names, a later one in that of surnames",
            confidence: .medium,
            triggers: [.expression("[A-Z\\x80-\\x9e][a-z\\x80-\\xff]{2,20} [A-Z\\xc3]")], check: .namePair,
            examples: [
                Example("ask Maria Garcia about", "Maria Garcia"), Example("John Fitzgerald Kennedy"),
                Example("Jürgen Müller"),
            ],
            counterExamples: ["Monday Smith", "Maria Street", "maria garcia", "New York"]),
        near(
            .person, .personName, entity: .personName, name: "name after a word",
            validation:
                "one to four capitalised words after full name, surname, beneficiary and the like, or in such a column",
            confidence: .medium,
            examples: [
                Example("full name: Xyla Brontë", "Xyla Brontë"), Example("{\"last_name\": \"Okonkwo\"}", "Okonkwo"),
                Example("okonkwo", column: "last_name"),
            ],
            counterExamples: ["full name: yes", "full name = None", "full names Xyla", "surname 5"]),
        near(
            .name, .possibleName, entity: .personName, name: "name after a word that may mean other things",
            validation:
                "one to four capitalised words after name, customer, patient, dear and the like, or in such a column, one of "
                + "them in the dictionaries",
            confidence: .medium,
            examples: [
                Example("name: Maria Xyz", "Maria Xyz"), Example("Dear Peter,", "Peter"),
                Example("customer is Okoro Smith", "Okoro Smith"),
                Example("Garcia, Maria", column: "customer_contact"),
            ],
            counterExamples: ["name: Orders", "customer Support", "names Maria", "patient 5"]),
    ]

    static let network: [Detector] = [
        Detector(
            entity: .ipAddress, name: "IPv4 address",
            validation: "four numbers up to 255 without leading zeros, alone, not after v or version",
            confidence: .high,
            triggers: [.shape(.dottedNumbers)], check: .ipv4,
            examples: [
                Example("10.0.0.1"), Example("from 192.168.100.254:5432", "192.168.100.254"),
                Example("203.0.113.7/24", "203.0.113.7"),
            ],
            counterExamples: [
                "10.0.0.256", "1.2.3", "v1.2.3.4", "version 1.2.3.4", "1.2.3.4.5", "01.2.3.4", "1.2.3.4-beta",
            ]),
        Detector(
            entity: .ipAddress, name: "IPv6 address",
            validation: "eight groups of hexadecimal digits, or fewer with one ::, as RFC 4291 writes them",
            confidence: .high,
            triggers: [.literal("::"), .shape(.hexadecimalGroups)], check: .ipv6,
            examples: [
                Example("2001:db8::8a2e:370:7334"), Example("2001:0db8:85a3:0000:0000:8a2e:0370:7334"),
                Example("[fe80::1]:80", "fe80::1"),
                Example("::ffff:192.0.2.1"),
            ],
            counterExamples: ["std::string", "'5'::int", "a::b", "12:34:56", "::", "2001:db8:::1", "1:2:3:4:5:6:7:8:9"]),
        Detector(
            entity: .macAddress, name: "MAC address",
            validation: "six pairs of hexadecimal digits joined by one of : and -, or three fours by dots",
            confidence: .high,
            triggers: [
                .expression("(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}", length: 17),
                .expression("[0-9A-Fa-f]{4}\\.[0-9A-Fa-f]{4}\\.[0-9A-Fa-f]{4}", length: 14),
            ], check: .macAddress,
            examples: [
                Example("00:1A:2b:3c:4D:5e"), Example("id 00-1a-2b-3c-4d-5e", "00-1a-2b-3c-4d-5e"),
                Example("001a.2b3c.4d5e"),
            ],
            counterExamples: ["00:1a:2b:3c:4d", "00:1a-2b:3c-4d:5e", "00:1a:2b:3c:4d:5e:6f:70", "1234.5678.9012"]),
    ]
}
