extension Detector {
    static let contact: [Detector] = [
        Detector(
            entity: .email, name: "e-mail address",
            validation:
                "local part of at most 64 bytes, a domain of two or more labels, the last one starting with two letters",
            confidence: .high,
            triggers: [.literal("@")], check: .email,
            examples: [
                Example("alice@example.com"),
                Example("Mail <bob.o+tag@mail.example.co.uk>.", "bob.o+tag@mail.example.co.uk"),
                Example("o'brien@example.org"), Example("x='bob@example.org'", "bob@example.org"),
                Example("jürgen@müller.de"), Example("a@xn--mller-kva.xn--p1ai"), Example("{a@b.co,1}", "a@b.co"),
                Example("https://bob@example.com/", "bob@example.com"),
            ],
            counterExamples: [
                "user@localhost", "@handle", "lodash@4.17.21", "a@b", "a @example.com", "icon@2x.png", "x@.com",
                "postgres://app:pw@db.example.com/x", "foo@1.2",
            ]),
        Detector(
            entity: .phone, name: "international phone number",
            validation: "+, an assigned country code, and as many digits as E.164 and that country's plan allow",
            confidence: .high,
            triggers: [.literal("+")], check: .internationalPhone,
            examples: [
                Example("+14155552671"), Example("call +44 20 7946 0958 now", "+44 20 7946 0958"),
                Example("+49 (0)30 901820", "+49 (0)30 901820"), Example("+33 1 23 45 67 89"),
                Example("+1 (415) 555-2671"),
                Example("tel:+91-98765-43210", "+91-98765-43210"), Example("+55 11 98765-4321"),
            ],
            counterExamples: [
                "2024-01-01T10:00:00+0200", "+1234", "a+14155552671", "+999123456789", "1+14155552671", "+0123456789",
                "+141555526711234", "+35236450.6",
            ]),
        Detector(
            entity: .phone, name: "national phone number",
            validation:
                "the usual grouping of North America, the United Kingdom, Germany, France, Brazil, Japan or Australia, with "
                + "the leading digits of that plan",
            confidence: .medium,
            triggers: [.digits(7)], check: .number(.phone),
            examples: [
                Example("(415) 555-2671"), Example("415-555-2671"), Example("415.555.2671"),
                Example("dial 1-415-555-2671", "1-415-555-2671"), Example("020 7946 0958"), Example("07700 900123"),
                Example("01 23 45 67 89"), Example("030/9018201"), Example("(11) 98765-4321"), Example("03-1234-5678"),
                Example("0412 345 678"),
            ],
            counterExamples: [
                "115-555-2671", "415-155-2671", "2024-01-01 10", "415-555-26711", "10.0.0.1", "555-2671",
                "1234 5678 9012",
                "12 23 45 67 89", "4111 1111 1111 1111", "911-555-2671-3",
            ]),
        near(
            .phone, .phone, entity: .phone, name: "phone number near a word",
            validation:
                "7 to 15 digits in any grouping within 40 bytes after phone, tel, mobile, fax and the like in several "
                + "languages, or in a column of such a name; no date, no IP address",
            confidence: .medium,
            examples: [
                Example("phone: 5552671", "5552671"), Example("Tel. 0301234567", "0301234567"),
                Example("{\"mobile\": \"98765 43210\"}", "98765 43210"), Example("612345678", column: "phone_number"),
                Example("Telefon (030) 90 18 20", "(030) 90 18 20"),
            ],
            counterExamples: [
                "5552671", "phones 5552671", "mobile since 2024-01-01", "phone 10.10.10.10", "tel 123456",
                "hotel 5552671",
            ]),
        Detector(
            entity: .postalAddress, name: "street address, number first",
            validation:
                "a house number, capitalised words and a word for a kind of street; unit, city, state and postal code are "
                + "taken with it",
            confidence: .medium,
            triggers: [
                " Street", " St", " Avenue", " Ave", " Road", " Rd", " Boulevard", " Blvd", " Lane", " Ln", " Drive",
                " Dr", " Court", " Ct", " Way", " Place", " Pl", " Terrace", " Parkway", " Pkwy", " Highway", " Hwy",
                " Square", " Crescent", " Close",
            ].map { .literal($0) }, check: .streetAddress(.numberFirst),
            examples: [
                Example("1600 Pennsylvania Ave NW, Washington, DC 20500"),
                Example("at 221B Baker Street, London NW1 6XE.", "221B Baker Street, London NW1 6XE"),
                Example("350 Fifth Avenue, Apt 4B"), Example("12 Oak St."), Example("742 Evergreen Terrace"),
            ],
            counterExamples: [
                "the Street", "2 Dogs on Main street", "5 Stars", "in 1999 the Avenue", "Wall Street",
                "10 Starter packs",
            ]),
        Detector(
            entity: .postalAddress, name: "street address, number last",
            validation: "a German name of a street with its number; postal code and city are taken with it",
            confidence: .medium,
            triggers: ["straße", "strasse", "str.", "platz", "allee", "gasse", "weg"].map { .literal($0) },
            check: .streetAddress(.numberLast),
            examples: [
                Example("Musterstraße 12a, 12345 Berlin"),
                Example("wohnt Hauptstr. 5, 80331 München", "Hauptstr. 5, 80331 München"),
                Example("Alexanderplatz 1"), Example("Birkenweg 7"),
            ],
            counterExamples: ["auf der straße 12", "Musterstraße", "str. 5", "weg 3"]),
        Detector(
            entity: .postalAddress, name: "French street address",
            validation: "a number, rue or the like, and a name with a capital; postal code and city are taken with it",
            confidence: .medium,
            triggers: [" rue ", " avenue ", " boulevard ", " chemin ", " impasse ", " quai ", " allée ", " place "].map
            {
                .literal($0)
            }, check: .streetAddress(.french),
            examples: [
                Example("12 rue de la Paix, 75002 Paris"),
                Example("au 5 bis, avenue Victor Hugo", "5 bis, avenue Victor Hugo"),
            ],
            counterExamples: ["la rue de la Paix", "3 place settings", "12 rue"]),
        Detector(
            entity: .postalAddress, name: "Spanish or Portuguese street address",
            validation: "Calle, Avenida, Rua and the like, a name with a capital, and a number; code and city with it",
            confidence: .medium,
            triggers: ["Calle ", "Avenida ", "Avda. ", "Plaza ", "Paseo ", "Rua ", "Travessa "].map { .literal($0) },
            check: .streetAddress(.spanish),
            examples: [
                Example("Calle Mayor 5, 28013 Madrid"), Example("na Rua Augusta, 1500", "Rua Augusta, 1500"),
            ],
            counterExamples: ["Calle Mayor", "Plaza de toros", "Avenida 5"]),
        Detector(
            entity: .postalAddress, name: "post-office box", validation: "P.O. Box or Postfach and a number",
            confidence: .medium,
            triggers: [.anyCase("p.o. box"), .anyCase("po box"), .literal("Postfach")], check: .streetAddress(.box),
            examples: [Example("P.O. Box 1234"), Example("an Postfach 5678", "Postfach 5678")],
            counterExamples: ["PO Box", "depo box 12", "Postfach leer"]),
        near(
            .address, .address, entity: .postalAddress, name: "address near a word",
            validation:
                "after address and : or =, or in a column of such a name: a number and two words or more, one of them of three "
                + "letters",
            confidence: .low,
            examples: [
                Example("address: 5 Mill End, Bath", "5 Mill End, Bath"),
                Example("Dorfplatz 3 Wien", column: "home_address"),
                Example("{\"address\": \"Am Markt 7, Jena\"}", "Am Markt 7, Jena"),
            ],
            counterExamples: [
                "address: see above", "the address 5 Mill End", "address: 10.0.0.1", "address: A string, IPv4 or IPv6",
                "address: {Listen on 127.0.0.1:80}",
            ]),
    ]
}
