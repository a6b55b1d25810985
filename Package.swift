// swift-tools-version: 6.2
// Targets stand in dependency order: a target imports only targets above it.
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

func library(_ name: String, _ dependencies: [Target.Dependency], path: String? = nil, exclude: [String] = []) -> Target
{
    .target(
        name: name, dependencies: dependencies, path: path ?? "Sources/\(name)", exclude: exclude, swiftSettings: strict
    )
}
func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, path: "Sources/\(name)", swiftSettings: strict)
}
func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, path: "Tests/\(name)", exclude: exclude, swiftSettings: strict)
}
func system(_ name: String, pkgConfig: String? = nil, apt: String) -> Target {
    .systemLibrary(name: name, path: "Sources/\(name)", pkgConfig: pkgConfig, providers: [.apt([apt])])
}

let package = Package(
    name: "sluice",
    products: [
        .executable(name: "sluice", targets: ["CLI"]),
        .executable(name: "sluice-ingress", targets: ["Ingress"]),
        .executable(name: "sluice-classifier", targets: ["Classifier"]),
        .executable(name: "sluice-masker", targets: ["Masker"]),
        .executable(name: "sluice-approver", targets: ["Approver"]),
        .executable(name: "sluice-recorder", targets: ["Recorder"]),
        .executable(name: "sluice-archiver", targets: ["Archiver"]),
        .executable(name: "sluice-forwarder", targets: ["Forwarder"]),
        .executable(name: "sluice-expirer", targets: ["Expirer"]),
        .executable(name: "example-forbid-word", targets: ["ExampleForbidWord"]),
        .library(name: "Bus", targets: ["Bus"]),
        .library(name: "Contract", targets: ["Contract"]),
        .library(name: "Detection", targets: ["Detection"]),
        .library(name: "PostgresClassify", targets: ["PostgresClassify"]),
        .library(name: "Masking", targets: ["Masking"]),
        .library(name: "Recording", targets: ["Recording"]),
        .library(name: "PostgresMask", targets: ["PostgresMask"]),
        .library(name: "Gateway", targets: ["Gateway", "Identity"]),
    ],
    // Exact, since Package.resolved is not kept: what an image is built from is what was tested. Only what these bring
    // (swift-atomics, swift-collections, swift-system) is chosen anew, within its major version.
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    ],
    targets: [
        system("CZeroMQ", pkgConfig: "libzmq", apt: "libzmq3-dev"),
        system("COpenSSL", pkgConfig: "openssl", apt: "libssl-dev"),
        system("CLZ4", pkgConfig: "liblz4", apt: "liblz4-dev"),
        system("CCurl", pkgConfig: "libcurl", apt: "libcurl4-openssl-dev"),
        system("CLibpq", apt: "libpq-dev"),
        system("CPgQuery", apt: "libpg-query-dev"),
        system("CHyperscan", pkgConfig: "libhs", apt: "libhyperscan-dev"),
        system("CMalloc", apt: "libc6-dev"),
        system("CFallocate", apt: "libc6-dev"),

        library("Contract", [protobuf], exclude: ["bus.proto", "generate.sh"]),
        library("StrictYAML", [yams]),
        library("CivilCalendar", []),
        library("Telemetry", [log, nio, nioPosix, nioHTTP]),
        library("Bus", ["Contract", "Telemetry", "CZeroMQ", "COpenSSL", "CMalloc", protobuf, log]),
        library("PolicyFiles", ["StrictYAML", "COpenSSL"]),
        library("Detection", ["CHyperscan", "COpenSSL"]),
        library("PolicyDetectors", ["StrictYAML", "PolicyFiles", "Detection"]),
        library("Policy", ["Contract", "StrictYAML", "PolicyFiles", "PolicyDetectors", "Detection"]),
        library("Identity", ["COpenSSL", grdb]),
        library("Masking", ["Contract", "Detection", "CivilCalendar", "COpenSSL"]),
        library("Configuration", ["StrictYAML", "Bus"]),
        library("Approvals", ["Contract", grdb]),
        library("Recording", ["Contract", "CivilCalendar", "COpenSSL", "CLZ4", "CFallocate", grdb, protobuf]),
        library("SharedIndex", ["Recording", "Configuration", "CLibpq"]),

        library("Archive", ["Recording", "Configuration", "CCurl", "COpenSSL"]),
        library("Retention", ["Archive", "Recording", "Configuration"]),

        library("OCSF", ["Contract", "Recording", "Telemetry"]),
        library(
            "Forwarding",
            [
                "Contract", "Configuration", "Recording", "SharedIndex", "OCSF", "Bus", "Telemetry", "COpenSSL",
                "CCurl", grdb,
            ]),

        library("Gateway", ["Bus", "Contract", "Configuration", "Identity", "Telemetry", protobuf, nio, nioPosix]),

        library("PostgresWire", [nio], path: "Sources/Protocols/Postgres/Wire"),
        library("PostgresClassify", ["Contract", "CPgQuery"], path: "Sources/Protocols/Postgres/Classify"),
        library("PolicyTesting", ["Policy", "PostgresClassify", "Contract", "StrictYAML", "CPgQuery", protobuf]),
        library("PostgresMask", ["Contract", "Detection", "Masking"], path: "Sources/Protocols/Postgres/Mask"),
        library("PostgresRender", ["Contract", "CivilCalendar", protobuf], path: "Sources/Protocols/Postgres/Render"),
        library(
            "PostgresAccept",
            [
                "Contract", "Bus", "Gateway", "Identity", "Configuration", "Telemetry", "PostgresWire", protobuf, nio,
                nioPosix, nioTLS, nioSSL,
            ],
            path: "Sources/Protocols/Postgres/Accept"),

        library("Supervisor", ["Configuration", "Telemetry"]),
        library("StageConformance", ["Bus", "Contract", "CZeroMQ", protobuf]),
        program(
            "Ingress",
            [
                "PostgresAccept", "Gateway", "Bus", "Contract", "Configuration", "Identity", "PolicyFiles", "Telemetry",
                nio,
                nioPosix, nioSSL,
            ]),
        program(
            "Classifier",
            ["PostgresClassify", "Policy", "PolicyFiles", "Bus", "Contract", "Configuration", "Telemetry", protobuf]),
        program(
            "Masker",
            [
                "PostgresMask", "Masking", "Detection", "PolicyDetectors", "Bus", "Contract", "Configuration",
                "Telemetry",
            ]),
        program("Approver", ["Approvals", "Bus", "Contract", "Configuration", "Telemetry", protobuf]),
        program("Archiver", ["Archive", "Recording", "Bus", "Configuration", "Telemetry"]),
        program("Forwarder", ["Forwarding", "Bus", "Configuration"]),
        program("Expirer", ["Archive", "Retention", "Recording", "SharedIndex", "Bus", "Configuration", "Telemetry"]),
        program(
            "Recorder",
            ["Recording", "SharedIndex", "PostgresRender", "Bus", "Contract", "Configuration", "Telemetry", protobuf]),
        program(
            "CLI",
            [
                "Supervisor", "Telemetry", "Bus", "Configuration", "Identity", "Approvals", "Recording", "SharedIndex",
                "Archive", "Retention", "OCSF", "Forwarding", "Policy",
                "PolicyDetectors", "PolicyFiles", "PolicyTesting", "PostgresRender", "StageConformance", "StrictYAML",
                "Contract", "Masking", "Detection", protobuf, arguments,
            ]),

        .executableTarget(
            name: "ExampleForbidWord", dependencies: ["Bus", "Contract"], path: "examples/stages/swift",
            swiftSettings: strict),

        library("TestKit", [], path: "Tests/TestKit"),
        tests("ContractTests", ["Contract", protobuf], exclude: ["Golden"]),
        tests("StrictYAMLTests", ["StrictYAML"]),
        tests("TelemetryTests", ["Telemetry", nio, nioPosix]),
        tests("BusTests", ["Bus", "Contract", "Telemetry", "CZeroMQ", protobuf]),
        tests("GatewayTests", ["Gateway", "Bus", "Contract", "Telemetry", nio, nioPosix]),
        tests("PolicyFilesTests", ["PolicyFiles", "StrictYAML"]),
        tests("PolicyDetectorsTests", ["PolicyDetectors", "PolicyFiles", "Detection", "StrictYAML"]),
        tests("PolicyTests", ["Policy", "Contract", "Detection", "StrictYAML"]),
        tests("PolicyTestingTests", ["PolicyTesting", "Policy", "Contract", "StrictYAML", protobuf]),
        tests("IdentityTests", ["Identity"]),
        tests("DetectionTests", ["Detection"]),
        tests("ConfigurationTests", ["Configuration", "StrictYAML", "Bus"]),
        tests("ApprovalsTests", ["Approvals", "Contract"]),
        tests("ArchiveTests", ["Archive", "Recording", "Contract", "TestKit", protobuf]),
        tests(
            "ForwardingTests",
            ["Forwarding", "OCSF", "Recording", "Configuration", "Contract", "Bus", "Telemetry", "TestKit", protobuf],
            exclude: ["Receivers"]),
        library("CrashLoad", ["Contract"], path: "Tests/CrashLoad"),
        .executableTarget(
            name: "CrashWriter", dependencies: ["CrashLoad", "Recording", "Contract", protobuf],
            path: "Tests/CrashWriter",
            swiftSettings: strict),
        tests(
            "RecordingTests",
            [
                "Recording", "Retention", "SharedIndex", "Configuration", "Contract", "CrashLoad", "CrashWriter",
                "TestKit",
                protobuf,
            ]),
        tests("PostgresWireTests", ["PostgresWire", nio]),
        tests("PostgresClassifyTests", ["PostgresClassify", "Contract", "TestKit"], exclude: ["Corpus"]),
        tests("PostgresRenderTests", ["PostgresRender", "Contract", protobuf]),
        tests("MaskingTests", ["Masking", "CivilCalendar", "Contract", "Detection", protobuf], exclude: ["Corpus"]),
        tests(
            "PostgresMaskTests", ["PostgresMask", "Masking", "Contract", "Detection", "TestKit", protobuf],
            exclude: ["Golden"]),
        tests(
            "PostgresAcceptTests",
            [
                "PostgresAccept", "PostgresWire", "Gateway", "Bus", "Configuration", "Contract", "Identity", protobuf,
                nio, nioPosix, nioEmbedded,
            ]),
        tests("SupervisorTests", ["Supervisor", "Configuration", "Telemetry"]),

        tests(
            "IntegrationTests", ["TestKit", "PostgresClassify", "Contract", "Identity", protobuf],
            exclude: ["Clients", "Effects"]),
        tests("DeployTests", ["TestKit"], exclude: ["Box", "Checks"]),
        tests("PipelineTests", ["TestKit", "Telemetry"], exclude: ["Clients"]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .c11
)
