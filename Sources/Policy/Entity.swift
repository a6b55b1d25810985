/// What a mask may detect; the names are those of `docs/detectors.md`, which `Detection` finds.
enum Entity: String, CaseIterable {
    /// Every other one.
    case all
    case email
    case phone
    case creditCard = "credit_card"
    case iban
    case usSSN = "us_ssn"
    case usITIN = "us_itin"
    case ukNINO = "uk_nino"
    case brCPF = "br_cpf"
    case brCNPJ = "br_cnpj"
    case deTaxID = "de_tax_id"
    case deIDCard = "de_id_card"
    case frNIR = "fr_nir"
    case inAadhaar = "in_aadhaar"
    case inPAN = "in_pan"
    case esDNI = "es_dni"
    case esNIE = "es_nie"
    case passport
    case dateOfBirth = "date_of_birth"
    case personName = "person_name"
    case postalAddress = "postal_address"
    case ipAddress = "ip_address"
    case macAddress = "mac_address"
    case btcAddress = "btc_address"
    case ethAddress = "eth_address"
    case awsAccessKey = "aws_access_key"
    case jwt
    case privateKey = "private_key"
    case secret
}
