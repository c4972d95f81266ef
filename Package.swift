// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import PackageDescription

/// One settings array for every Swift target of the package.
let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableExperimentalFeature("Lifetimes"),
    .treatAllWarnings(as: .error),
]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let certificates: Target.Dependency = .product(name: "X509", package: "swift-certificates")
let configuration: Target.Dependency = .product(name: "Configuration", package: "swift-configuration")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdTLS: Target.Dependency = .product(name: "HummingbirdTLS", package: "hummingbird")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let mustache: Target.Dependency = .product(name: "Mustache", package: "swift-mustache")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let serviceLifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
/// What swift-configuration reads YAML with; here it finds the keys of a file that nobody reads.
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let swiftASN1: Target.Dependency = .product(name: "SwiftASN1", package: "swift-asn1")

/// A library target; `tier` is where it stands in the order that `scripts/check` enforces: a target may depend only on
/// targets of a lower tier, or of its own tier below 4.
func library(
    _ name: String, _ dependencies: [Target.Dependency] = [], path: String? = nil, resources: [Resource]? = nil
) -> Target {
    .target(name: name, dependencies: dependencies, path: path, resources: resources, swiftSettings: swiftSettings)
}

func program(_ name: String, _ dependencies: [Target.Dependency], path: String? = nil) -> Target {
    .executableTarget(name: name, dependencies: dependencies, path: path, swiftSettings: swiftSettings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

let package = Package(
    name: "master-target",
    products: [
        .executable(name: "mastertargetd", targets: ["mastertargetd"]),
        .executable(name: "mtctl", targets: ["mtctl"]),
        .executable(name: "mt-process-server", targets: ["mt-process-server"]),
        .executable(name: "mt-configuration-server", targets: ["mt-configuration-server"]),
    ],
    dependencies: [
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: [.defaults, "YAML"]),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Tier 0: declarations of C interfaces.
        .target(name: "CLinux"),
        .systemLibrary(name: "CXXHash", providers: [.apt(["libxxhash-dev"]), .yum(["xxhash-devel"])]),
        .systemLibrary(
            name: "CBlkid", pkgConfig: "blkid", providers: [.apt(["libblkid-dev"]), .yum(["libblkid-devel"])]),
        .systemLibrary(
            name: "CUdev", pkgConfig: "libudev", providers: [.apt(["libudev-dev"]), .yum(["systemd-devel"])]),
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"]), .yum(["lz4-devel"])]),
        .systemLibrary(
            name: "CMount", pkgConfig: "mount", providers: [.apt(["libmount-dev"]), .yum(["libmount-devel"])]),
        .systemLibrary(name: "CPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"]), .yum(["libpq-devel"])]),

        // Tier 1: pure. Neither files nor sockets nor threads.
        library("StoragePrimitives", ["CXXHash"]),
        library("RetentionFormat", ["StoragePrimitives"]),
        library("ReplicationProtocol", ["StoragePrimitives", "CLZ4", nioCore]),
        library("NBDProtocol", ["StoragePrimitives", nioCore]),
        library("ControlAPI", ["StoragePrimitives"]),
        library("PrometheusText", ["StoragePrimitives"]),
        library("ConfigurationAPI", ["ControlAPI", "StoragePrimitives", crypto, cryptoExtras]),

        // Tier 2: the one place that calls libc.
        library("LinuxSystem", ["CLinux", "StoragePrimitives", logging]),

        // Tier 3: the engines.
        library("RetentionStore", ["RetentionFormat", "StoragePrimitives", "LinuxSystem"]),
        library("DiskInventory", ["CBlkid", "CUdev", "LinuxSystem", "StoragePrimitives"]),
        library("StateFiles", ["ControlAPI", "LinuxSystem", "StoragePrimitives"]),
        library("Multipath", ["LinuxSystem", "StoragePrimitives"]),
        library("RetentionVolume", ["CMount", "ControlAPI", "DiskInventory", "LinuxSystem", "StoragePrimitives"]),

        library("SQLStorage", ["CPQ", "LinuxSystem", grdb]),
        library("MetricsEndpoint", ["LinuxSystem", "PrometheusText", hummingbird, nioCore, logging, serviceLifecycle]),
        library(
            "HostCertificates",
            ["ControlAPI", "LinuxSystem", "StoragePrimitives", nioCore, crypto, certificates, swiftASN1]),

        // Tier 4: the services.
        library(
            "ReplicationReceiver",
            [
                "ReplicationProtocol", "RetentionFormat", "RetentionStore", "StoragePrimitives", nioCore, nioPosix,
                nioSSL, nioTLS,
                logging,
                serviceLifecycle,
            ]),
        library(
            "ProcessServer",
            [
                "ReplicationProtocol", "NBDProtocol", "LinuxSystem", "StoragePrimitives", nioCore, nioPosix, nioSSL,
                nioTLS,
                logging, serviceLifecycle,
            ]),
        library(
            "NBDServer",
            [
                "NBDProtocol", "RetentionStore", "LinuxSystem", "StoragePrimitives", nioCore, nioPosix, nioSSL, nioTLS,
                logging,
            ]),
        library(
            "ConfigurationServer",
            [
                "ConfigurationAPI", "ControlAPI", "HostCertificates", "LinuxSystem", "MetricsEndpoint",
                "PrometheusText",
                "SQLStorage", "StoragePrimitives",
                nioCore, nioPosix, nioSSL, hummingbird, hummingbirdTLS, mustache, configuration, yams, crypto,
                certificates,
                swiftASN1, logging, serviceLifecycle,
            ], resources: [.embedInCode("Console/Resources")]),
        library(
            "Registration",
            [
                "ConfigurationAPI", "ControlAPI", "HostCertificates", "LinuxSystem", "StateFiles", "StoragePrimitives",
                nioCore, nioPosix, nioHTTP1, nioSSL, nioTLS, crypto, logging, serviceLifecycle,
            ]),
        library("HealthChecks", ["ControlAPI", "LinuxSystem", "StoragePrimitives"]),
        library("HostPreparation", ["LinuxSystem", "StoragePrimitives"]),

        // Tier 5: the wiring.
        library(
            "Appliance",
            [
                "ReplicationReceiver", "ReplicationProtocol", "NBDServer", "NBDProtocol", "RetentionStore",
                "RetentionFormat", "ConfigurationAPI", "ControlAPI", "DiskInventory", "HostCertificates",
                "MetricsEndpoint", "Multipath", "PrometheusText", "Registration", "RetentionVolume", "HealthChecks",
                "StateFiles",
                "HostPreparation", "LinuxSystem",
                "StoragePrimitives", nioCore, nioPosix, hummingbird, configuration,
                nioSSL, logging, serviceLifecycle, yams,
            ]),

        // Tier 6: the programs.
        program("mastertargetd", ["Appliance", "ControlAPI", "LinuxSystem", argumentParser, logging]),
        program(
            "mtctl",
            [
                "ConfigurationAPI", "ControlAPI", "Appliance", "HealthChecks", "HostCertificates", "HostPreparation",
                "LinuxSystem", "ProcessServer", "Registration", "StateFiles", "StoragePrimitives", asyncHTTPClient,
                nioCore, nioPosix, argumentParser, unixSignals,
            ]),
        program(
            "mt-process-server",
            [
                "ConfigurationAPI", "ControlAPI", "ProcessServer", "LinuxSystem", "Registration", "StateFiles",
                "StoragePrimitives", argumentParser, configuration, logging, serviceLifecycle, yams,
            ]),

        program(
            "mt-configuration-server",
            [
                "ConfigurationServer", "ConfigurationAPI", "ControlAPI", "LinuxSystem", argumentParser, logging,
                serviceLifecycle,
            ]),

        // What tests and measures the store; not shipped.
        library(
            "RetentionSimulation", ["StoragePrimitives", "RetentionFormat", "RetentionStore", "LinuxSystem"],
            path: "Tests/RetentionSimulation"),
        program("retention-simulation", ["RetentionSimulation", "LinuxSystem"], path: "Tests/RetentionSimulationTool"),
        program(
            "mt-load",
            [
                "ConfigurationAPI", "ControlAPI", "HostCertificates", "LinuxSystem", "Registration", "RetentionFormat",
                "RetentionStore", "StoragePrimitives", argumentParser, logging,
            ],
            path: "Tests/LoadGenerator"),

        library(
            "FuzzTargets",
            [
                "StoragePrimitives", "RetentionFormat", "ReplicationProtocol", "NBDProtocol", "ControlAPI",
                "RetentionStore", "RetentionSimulation", nioCore,
            ], path: "Tests/Fuzzing/Targets"),
        library("TestSupport", ["LinuxSystem", "StoragePrimitives"], path: "Tests/TestSupport"),
        tests("FuzzCorpusTests", ["FuzzTargets"]),

        tests("StoragePrimitivesTests", ["StoragePrimitives"]),
        tests("PrometheusTextTests", ["PrometheusText", "StoragePrimitives"]),
        tests("MetricsEndpointTests", ["MetricsEndpoint", "PrometheusText", logging, serviceLifecycle]),
        tests("DiskInventoryTests", ["DiskInventory", "LinuxSystem", "RetentionSimulation", "StoragePrimitives"]),
        tests("RetentionFormatTests", ["RetentionFormat", "StoragePrimitives"]),
        tests("LinuxSystemTests", ["LinuxSystem", "StoragePrimitives", "RetentionSimulation"]),
        tests(
            "RetentionStoreTests",
            ["RetentionStore", "RetentionFormat", "RetentionSimulation", "LinuxSystem", "StoragePrimitives"]),
        tests("MultipathTests", ["Multipath", "LinuxSystem", "RetentionSimulation", "StoragePrimitives"]),
        tests("RetentionVolumeTests", ["RetentionVolume", "LinuxSystem", "StoragePrimitives"]),
        tests("ReplicationProtocolTests", ["ReplicationProtocol", "StoragePrimitives", nioCore]),
        tests(
            "ReplicationReceiverTests",
            [
                "ReplicationReceiver", "ReplicationProtocol", "RetentionStore", "StoragePrimitives", nioCore, nioPosix,
                nioSSL, logging, serviceLifecycle, certificates, crypto, swiftASN1,
            ]),
        tests(
            "NBDServerTests",
            [
                "TestSupport",
                "NBDServer", "NBDProtocol", "RetentionStore", "RetentionFormat", "RetentionSimulation", "LinuxSystem",
                "StoragePrimitives", nioCore, nioPosix, nioSSL, logging, certificates, crypto, swiftASN1,
            ]),
        tests("NBDProtocolTests", ["NBDProtocol", nioCore]),
        tests(
            "ProcessServerTests",
            [
                "mt-process-server", "ProcessServer", "ConfigurationAPI", "ControlAPI", "HostCertificates",
                "NBDProtocol",
                "LinuxSystem", "StoragePrimitives", "TestSupport", nioPosix, nioSSL,
            ]),
        tests("ConfigurationAPITests", ["ConfigurationAPI", "ControlAPI", "StoragePrimitives"]),
        tests(
            "HostCertificatesTests", ["HostCertificates", "ControlAPI", "StoragePrimitives", certificates, crypto]),
        tests(
            "RegistrationTests",
            ["TestSupport", "Registration", "HostCertificates", "ControlAPI", "LinuxSystem", "StoragePrimitives"]),
        tests("SQLStorageTests", ["TestSupport", "SQLStorage", "LinuxSystem"]),
        tests(
            "ConfigurationServerTests",
            [
                "TestSupport", "ConfigurationServer", "ConfigurationAPI", "ControlAPI", "HostCertificates",
                "LinuxSystem",
                "Registration", "SQLStorage", "StoragePrimitives", nioCore, nioPosix, nioSSL, logging, serviceLifecycle,
            ]),
        tests(
            "SiteTests",
            [
                "mtctl", "ConfigurationServer", "ConfigurationAPI", "ControlAPI", "HostCertificates", "LinuxSystem",
                "Registration", "StateFiles", "StoragePrimitives", "TestSupport", nioCore, nioSSL, hummingbird,
                hummingbirdTLS,
                logging, serviceLifecycle,
            ]),
        tests("ControlAPITests", ["ControlAPI", "StoragePrimitives"]),
        tests(
            "ApplianceTests",
            [
                "Appliance", "mtctl", "ConfigurationAPI", "ControlAPI", "DiskInventory", "HealthChecks",
                "HostCertificates",
                "HostPreparation", "LinuxSystem",
                "Multipath",
                "RetentionStore", "StateFiles",
                "StoragePrimitives", certificates, logging,
            ]),
        tests("HealthChecksTests", ["HealthChecks", "ControlAPI", "LinuxSystem", "StoragePrimitives"]),
        tests("HostPreparationTests", ["HostPreparation", "LinuxSystem", "StoragePrimitives"]),
        tests("EndToEndTests", ["TestSupport", "ConfigurationAPI", "ControlAPI", "LinuxSystem", "StoragePrimitives"]),
    ]
)

// libFuzzer links where its runtime is: only scripts/fuzz builds this.
if Context.environment["MASTER_TARGET_FUZZING"] != nil {
    package.targets.append(.target(name: "CFuzzer", path: "Tests/Fuzzing/CFuzzer"))
    package.targets.append(program("fuzz-driver", ["FuzzTargets", "CFuzzer"], path: "Tests/Fuzzing/Driver"))
}
