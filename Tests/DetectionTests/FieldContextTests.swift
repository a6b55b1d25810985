import Testing

@testable import Detection

@Suite struct FieldContextTests {
    @Test(arguments: [
        ("ssn", [Topic.socialSecurity]), ("user_ssn", [.socialSecurity]), ("UserSSN", [.socialSecurity]),
        ("custssn", [.socialSecurity]), ("Social Security No.", [.socialSecurity]), ("classname", []),
        ("phone", [.phone]), ("homePhoneNumber", [.phone]), ("phone_verified", []), ("mobile", [.phone]),
        ("phone_type", []),
        ("date_of_birth", [.birth]), ("birthDate", [.birth]), ("dob", [.birth]), ("birth_place", []),
        ("first_name", [.person, .name]), ("lastname", [.person]), ("name", [.name]), ("file_name", []),
        ("username", []),
        ("product_name", []), ("address", [.address]), ("ip_address", []), ("email_address", []),
        ("street", [.address]),
        ("password", [.credential]), ("password_changed_at", []), ("reset_token", [.key]), ("token_count", []),
        ("api_key", [.key]), ("primary_key", []), ("aws_secret_access_key", [.awsSecret, .key]), ("iban", [.iban]),
        ("tax_id", [.taxpayer, .germanTax]), ("passport_number", [.passport]), ("cpf", [.cpf]), ("", []), ("id", []),
        ("created_at", []),
    ])
    func namesSayWhatColumnsHold(name: String, topics: [Topic]) {
        let context = FieldContext(name: name)
        #expect(Set(Topic.allCases.filter { context.contains($0) }) == Set(topics), "\(name)")
        #expect(context.isEmpty == topics.isEmpty)
    }

    @Test func anEngineKeepsWhatItsDetectorsNeed() throws {
        let engine = try DetectionEngine(entities: [.phone, .email])
        #expect(engine.context(column: "ssn").isEmpty)
        #expect(!engine.context(column: "phone").isEmpty)
        #expect(engine.context(column: "x").union(engine.context(column: "phone")) == engine.context(column: "phone"))
    }

    @Test func numbersThatLostTheirZerosAreKnownByTheirContext() {
        #expect(FieldContext(name: "ssn").digits == 9)
        #expect(FieldContext(name: "cpf").digits == 11)
        #expect(FieldContext(name: "cnpj").digits == 14)
        #expect(FieldContext(name: "phone").digits == 0)
    }
}
