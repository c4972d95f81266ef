// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Configuration
import ControlAPI
import LinuxSystem
import StoragePrimitives

extension ApplianceConfiguration {
    /// Reads the layers: command line over environment over file over defaults.
    ///
    /// - Parameters:
    ///   - file: The configuration file; nil reads none. A default one that is missing is no error, a named one is.
    ///   - environment: As of the process; only names that begin with `MASTER_TARGET_` count.
    ///   - settings: `key=value`, in the spelling of ``ConfigurationKey``.
    /// - Throws: ``ControlFailure`` with `.invalidRequest` that names the key and the value.
    public static func load(
        file: String?, isFileRequired: Bool, environment: [String: String], settings: [String]
    ) async throws -> ApplianceConfiguration {
        var providers: [any ConfigProvider] = [
            InMemoryProvider(name: "command line", values: try commandLine(settings)),
            EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "master-target"),
        ]
        var waivers: [String: String] = [:]
        if let file, let text = try contents(file, isRequired: isFileRequired),
            let settings = try ConfigurationFile(text, name: file)
        {
            waivers = settings.waivers
            do {
                providers.append(try await FileProvider<YAMLSnapshot>(filePath: .init(file)))
            } catch {
                throw ControlFailure(
                    .invalidRequest, "The configuration file \(file) cannot be read: \(error).",
                    remedy: "Correct it, or name another one with --config.")
            }
        }
        let layers = Layers(reader: ConfigReader(providers: providers))
        var configuration = ApplianceConfiguration(
            statePath: layers.text(.statePath) ?? ApplianceConfiguration().statePath)
        configuration.healthWaivers = waivers
        try configuration.take(from: layers)
        if let complaint = configuration.complaint {
            throw ControlFailure(.invalidRequest, complaint, remedy: "Correct the configuration.")
        }
        return configuration
    }

    /// The file's text; nil where it is not there and need not be.
    private static func contents(_ path: String, isRequired: Bool) throws -> String? {
        do {
            let (folder, name) = PathText.split(path)
            if let bytes = try DirectoryFolder(path: folder).contents(of: name, limit: maximumFileBytes) {
                return String(decoding: bytes, as: UTF8.self)
            }
        } catch {
            guard error.code == .notFound else {
                throw ControlFailure(
                    .invalidRequest, "The configuration file \(path) cannot be read: \(error).",
                    remedy: "Correct it, or name another one with --config.")
            }
        }
        guard !isRequired else {
            throw ControlFailure(
                .invalidRequest, "There is no configuration file \(path).", remedy: "Name another one with --config.")
        }
        return nil
    }

    /// A file with every setting and every waiver has a hundredth of it.
    private static let maximumFileBytes = 1 << 20

    private mutating func take(from layers: Layers) throws {
        address = layers.text(.replicationAddress) ?? address
        port = try layers.value(.replicationPort, "a port number") { Int($0) } ?? port
        isNBDEnabled = try layers.value(.nbdEnabled, "true or false") { Bool($0) } ?? isNBDEnabled
        nbdAddress = layers.text(.nbdAddress) ?? nbdAddress
        nbdPort = try layers.value(.nbdPort, "a port number") { Int($0) } ?? nbdPort
        metrics.isEnabled = try layers.value(.metricsEnabled, "true or false") { Bool($0) } ?? metrics.isEnabled
        metrics.address = layers.text(.metricsAddress) ?? metrics.address
        metrics.port = try layers.value(.metricsPort, "a port number") { Int($0) } ?? metrics.port
        certificatePath = layers.text(.replicationCertificate) ?? certificatePath
        keyPath = layers.text(.replicationKey) ?? keyPath
        authorityPath = layers.text(.replicationAuthority) ?? authorityPath
        retentionPath = layers.text(.retentionPath) ?? retentionPath
        socketPath = layers.text(.controlSocket) ?? socketPath
        socketGroup = layers.text(.controlGroup) ?? socketGroup
        if let entries = layers.texts(.healthWaived) { healthWaivers = try Self.waivers(entries) }
        let size = "a size such as 256MiB"
        let duration = "a duration such as 15m or 24h"
        memoryCeiling =
            try layers.value(.memoryCeiling, size) { Quantity.bytes($0).map { ByteCount($0) } } ?? memoryCeiling
        groupDefaults.rpoThresholdSeconds =
            try layers.value(.rpoThreshold, duration, Quantity.seconds) ?? groupDefaults.rpoThresholdSeconds
        groupDefaults.retentionSeconds =
            try layers.value(.retentionWindow, duration, Quantity.seconds) ?? groupDefaults.retentionSeconds
        groupDefaults.applicationConsistentSeconds =
            try layers.value(.applicationConsistentInterval, duration, Quantity.seconds)
            ?? groupDefaults.applicationConsistentSeconds
        groupDefaults.quotaBytes = try layers.value(.quota, size, Quantity.bytes) ?? groupDefaults.quotaBytes
    }

    /// `NAME=REASON`, each.
    private static func waivers(_ entries: [String]) throws(ControlFailure) -> [String: String] {
        var waivers: [String: String] = [:]
        for entry in entries {
            let parts = entry.split(separator: "=", maxSplits: 1).map { part in
                String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            }
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
                throw ControlFailure(
                    .invalidRequest, "health.waived has \"\(entry)\"; each entry must be NAME=REASON.",
                    remedy: "Write, for instance, - reiserfs=no source has it.")
            }
            waivers[parts[0]] = parts[1]
        }
        return waivers
    }

    private static func commandLine(_ settings: [String]) throws -> [AbsoluteConfigKey: ConfigValue] {
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        for setting in settings {
            let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let key = ConfigurationKey(rawValue: String(parts[0])) else {
                throw ControlFailure(
                    .invalidRequest, "\"\(setting)\" is not a setting.",
                    remedy:
                        "Write key=value; the keys are "
                        + "\(ConfigurationKey.allCases.map(\.rawValue).joined(separator: ", ")).")
            }
            let text = String(parts[1])
            let content: ConfigContent =
                key == .healthWaived ? .stringArray(text.split(separator: ",").map(String.init)) : .string(text)
            values[key.absolute] = ConfigValue(content, isSecret: false)
        }
        return values
    }
}

extension ConfigurationKey {
    var components: [String] { rawValue.split(separator: ".").map(String.init) }
    fileprivate var absolute: AbsoluteConfigKey { AbsoluteConfigKey(components) }
}

/// The layers, read as text: what a value must look like is said here, once, for all of them.
private struct Layers {
    let reader: ConfigReader

    func text(_ key: ConfigurationKey) -> String? { reader.string(forKey: ConfigKey(key.components)) }

    func texts(_ key: ConfigurationKey) -> [String]? { reader.stringArray(forKey: ConfigKey(key.components)) }

    func value<Value>(
        _ key: ConfigurationKey, _ form: String, _ parse: (String) -> Value?
    ) throws -> Value? {
        guard let text = text(key) else { return nil }
        guard let value = parse(text) else {
            throw ControlFailure(
                .invalidRequest, "\(key.rawValue) is \"\(text)\"; it must be \(form).",
                remedy: "Correct the configuration.")
        }
        return value
    }
}
