// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Appliance
import ArgumentParser
import ConfigurationAPI
import ControlAPI
import LinuxSystem
import Registration
import StateFiles
import StoragePrimitives

/// What every command of an operator takes: where the configuration server is, and who asks.
struct SiteOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The configuration server; may be repeated, for several addresses of one server.",
            valueName: "host[:port]"))
    var server: [String] = []

    @Option(
        help: "The folder with the operator's certificate, its key and authority.pem.", completion: .directory)
    var credentials: String?

    @Option(name: .customLong("operator"), help: "Which operator, where the folder is of several.")
    var operatorName: String?

    @Flag(help: "JSON on standard output: times in UTC, sizes in bytes.") var json = false

    /// What is written, else what the environment says, else what `mtctl site use` keeps; each for itself.
    func place() throws -> SitePlace {
        let console = Console.current
        func named(_ variable: String) -> String? { console.environment(variable).flatMap { $0.isEmpty ? nil : $0 } }
        let here = named("MT_SITE_SERVER").map { $0.split { $0 == "," || $0 == " " }.map(String.init) } ?? []
        let written = server.isEmpty ? here : server
        let folder = credentials ?? named("MT_SITE_CREDENTIALS")
        // Not looked at without need: it may be what is to be mended.
        let kept = written.isEmpty || folder == nil ? try SitePlace.kept(console) : nil
        let servers = written.isEmpty ? kept?.servers ?? [] : written
        guard !servers.isEmpty else {
            throw ConfigurationFailure(
                .invalidRequest, "No configuration server is named.",
                remedy: "Add --server, set MT_SITE_SERVER, or keep it: mtctl site use --server … --credentials ….")
        }
        guard let credentials = folder ?? kept?.credentials else {
            throw ConfigurationFailure(
                .invalidRequest, "No operator's credentials are named.",
                remedy: "Add --credentials, set MT_SITE_CREDENTIALS, or keep it: "
                    + "mtctl site use --server … --credentials ….")
        }
        // Who was kept is of the folder that was kept.
        return SitePlace(
            servers: servers, credentials: credentials,
            operator: operatorName ?? (folder == nil ? kept?.operator : nil))
    }

    func client() throws -> ConfigurationClient { try place().client(forTerminal: !json) }
}

/// Where the configuration server is and who the operator is.
struct SitePlace: Hashable, Codable {
    /// Addresses of one server, in the order to try them.
    var servers: [String]
    /// The folder with the operator's files.
    var credentials: String
    /// Which operator, where the folder is of several.
    var `operator`: String?

    func folder() throws(ConfigurationFailure) -> OperatorFolder {
        try OperatorFolder(path: credentials, operator: self.operator, now: SystemClock().now())
    }

    func client(forTerminal isForTerminal: Bool) throws -> ConfigurationClient {
        let endpoints = try servers.map { text throws(ConfigurationFailure) in try ServerEndpoint(text) }
        return ConfigurationClient(endpoints, credentials: try folder().credentials, isForTerminal: isForTerminal)
    }
}

/// What `mtctl site use` keeps.
extension SitePlace {
    private static let fileName = "site.json"
    private static let maximumFileBytes = 64 << 10

    /// Source: XDG Base Directory Specification: a path that is not absolute is none.
    private static func folderPath(_ console: Console) -> String? {
        if let path = console.environment("XDG_CONFIG_HOME"), path.hasPrefix("/") { return "\(path)/master-target" }
        return console.environment("HOME").flatMap { $0.hasPrefix("/") ? "\($0)/.config/master-target" : nil }
    }

    static func kept(_ console: Console) throws -> SitePlace? {
        guard let path = folderPath(console),
            let bytes = try SystemFiles.contents("\(path)/\(fileName)", limit: maximumFileBytes)
        else { return nil }
        do {
            return try JSON.decode(SitePlace.self, from: bytes)
        } catch {
            throw ConfigurationFailure(
                .invalidRequest, "\(path)/\(fileName) cannot be read (\(error)).", remedy: "mtctl site use … again.")
        }
    }

    /// - Returns: Where it is kept; mode 0600, because it tells where a key is.
    func keep(_ console: Console) throws -> String {
        guard let path = Self.folderPath(console) else {
            throw ConfigurationFailure(
                .invalidRequest, "Neither XDG_CONFIG_HOME nor HOME is set.", remedy: "Set one of them.")
        }
        try FolderTree.make(path)
        try DirectoryFolder(path: path).replace(Self.fileName, with: JSON.encode(self))
        return "\(path)/\(Self.fileName)"
    }
}
