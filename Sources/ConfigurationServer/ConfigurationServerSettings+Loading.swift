// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Configuration
import ConfigurationAPI
import LinuxSystem
import StoragePrimitives
import Yams

extension ConfigurationServerSettings {
    /// Reads the layers: command line over environment over file over defaults.
    ///
    /// - Parameters:
    ///   - file: The configuration file; nil reads none. A default one that is missing is no error, a named one is.
    ///   - settings: `key=value`, in the spelling of ``ConfigurationServerKey``.
    /// - Throws: ``ConfigurationFailure`` with `.invalidRequest` that names the key and the value.
    public static func load(
        file: String?, isFileRequired: Bool, environment: [String: String], settings: [String]
    ) async throws -> ConfigurationServerSettings {
        var providers: [any ConfigProvider] = [
            InMemoryProvider(name: "command line", values: try commandLine(settings)),
            EnvironmentVariablesProvider(environmentVariables: environment)
                .prefixKeys(with: "master-target-configuration"),
        ]
        if let file, let text = try contents(file, isRequired: isFileRequired), try saysAnything(text, file) {
            do {
                providers.append(try await FileProvider<YAMLSnapshot>(filePath: .init(file)))
            } catch {
                throw wrong("The configuration file \(file) cannot be read: \(error).")
            }
        }
        let reader = ConfigReader(providers: providers)
        func text(_ key: ConfigurationServerKey) -> String? { reader.string(forKey: ConfigKey(key.components)) }
        func number<Value: FixedWidthInteger>(_ key: ConfigurationServerKey, _ other: Value) throws -> Value {
            guard let text = text(key) else { return other }
            guard let value = Value(text) else {
                throw wrong("\(key.rawValue) is \"\(text)\"; it must be a whole number.")
            }
            return value
        }
        var result = ConfigurationServerSettings()
        result.address = text(.address) ?? result.address
        result.statePath = text(.statePath) ?? result.statePath
        if let text = text(.database) {
            guard let database = InventoryDatabase(text) else {
                // It is not quoted: it may have a password.
                throw wrong("database must be \"sqlite\" or a URL such as postgresql://user@host/name.")
            }
            result.database = database
        }
        result.port = try number(.port, result.port)
        result.maximumConnections = try number(.connections, result.maximumConnections)
        result.certificateDays = try number(.certificateDays, result.certificateDays)
        result.heartbeatSeconds = try number(.heartbeatSeconds, result.heartbeatSeconds)
        if let text = text(.metricsEnabled) {
            guard let isEnabled = Bool(text) else {
                throw wrong("metrics.enabled is \"\(text)\"; it must be true or false.")
            }
            result.metrics.isEnabled = isEnabled
        }
        result.metrics.address = text(.metricsAddress) ?? result.metrics.address
        result.metrics.port = try number(.metricsPort, result.metrics.port)
        if let complaint = result.complaint { throw wrong(complaint) }
        return result
    }

    private static func wrong(_ message: String) -> ConfigurationFailure {
        ConfigurationFailure(
            .invalidRequest, message,
            remedy: "Correct the configuration; the settings are "
                + "\(ConfigurationServerKey.allCases.map(\.rawValue).joined(separator: ", ")).")
    }

    private static func contents(_ path: String, isRequired: Bool) throws -> String? {
        do {
            let (folder, name) = PathText.split(path)
            if let bytes = try DirectoryFolder(path: folder).contents(of: name, limit: 64 << 10) {
                return String(decoding: bytes, as: UTF8.self)
            }
        } catch {
            guard error.code == .notFound else {
                throw wrong("The configuration file \(path) cannot be read: \(error).")
            }
        }
        guard !isRequired else { throw wrong("There is no configuration file \(path).") }
        return nil
    }

    /// Whether there is more than comments. A key that nobody reads would be believed to work, and is refused.
    private static func saysAnything(_ text: String, _ file: String) throws -> Bool {
        func visit(_ node: Node, _ path: [String]) throws {
            let key = path.joined(separator: ".")
            if ConfigurationServerKey(rawValue: key) != nil {
                guard node.scalar != nil else { throw wrong("\(file): \(key) must be one value.") }
                return
            }
            guard let mapping = node.mapping else {
                throw wrong("\(file): \(path.isEmpty ? "it" : key) is no setting.")
            }
            for (name, value) in mapping { try visit(value, path + [name.string ?? "?"]) }
        }
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw wrong("\(file) is no YAML (\(error)).")
        }
        guard let root else { return false }
        try visit(root, [])
        return true
    }

    private static func commandLine(_ settings: [String]) throws -> [AbsoluteConfigKey: ConfigValue] {
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        for setting in settings {
            let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let key = ConfigurationServerKey(rawValue: String(parts[0])) else {
                throw wrong("\"\(setting)\" is not a setting; write key=value.")
            }
            values[AbsoluteConfigKey(key.components)] = ConfigValue(
                .string(String(parts[1])), isSecret: key == .database)
        }
        return values
    }
}
