// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Configuration
import ConfigurationAPI
import LinuxSystem
import StoragePrimitives
import Yams

extension RunSettings {
    /// Where the configuration file is unless the command line says otherwise.
    package static let defaultPath = "/etc/master-target/process-server.yaml"

    /// A file with every setting has a thirtieth of it.
    private static let maximumFileBytes = 64 << 10

    /// Reads the layers: command line over environment over file over defaults.
    ///
    /// - Parameters:
    ///   - file: The configuration file; nil reads none. A default one that is missing is no error, a named one is.
    ///   - options: What the command line says.
    /// - Throws: ``ConfigurationFailure`` with `.invalidRequest` that names the key and the value.
    package static func load(
        file: String?, isFileRequired: Bool, environment: [String: String], options: [SettingKey: String]
    ) async throws -> RunSettings {
        let commandLine = Dictionary(
            uniqueKeysWithValues: options.map { key, text in
                (AbsoluteConfigKey(key.components), ConfigValue(.string(text), isSecret: false))
            })
        var providers: [any ConfigProvider] = [
            InMemoryProvider(name: "command line", values: commandLine),
            EnvironmentVariablesProvider(environmentVariables: environment)
                .prefixKeys(with: "master-target-process-server"),
        ]
        if let file, let text = try contents(file, isRequired: isFileRequired), try saysAnything(text, file) {
            do {
                providers.append(try await FileProvider<YAMLSnapshot>(filePath: .init(file)))
            } catch {
                throw wrong("The configuration file \(file) cannot be read: \(error).")
            }
        }
        let reader = ConfigReader(providers: providers)
        do {
            return try RunSettings({ reader.string(forKey: ConfigKey($0.components)) }, named: \.rawValue)
        } catch {
            throw wrong(error.sentence)
        }
    }

    private static func wrong(_ message: String) -> ConfigurationFailure {
        ConfigurationFailure(
            .invalidRequest, message,
            remedy: "Correct the configuration; the settings are "
                + "\(SettingKey.allCases.map(\.rawValue).joined(separator: ", ")).")
    }

    private static func contents(_ path: String, isRequired: Bool) throws -> String? {
        do {
            let (folder, name) = PathText.split(path)
            if let bytes = try DirectoryFolder(path: folder).contents(of: name, limit: maximumFileBytes) {
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
            if SettingKey(rawValue: key) != nil {
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
}
