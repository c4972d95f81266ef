// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives

/// The files that multipathd reads, in its order: `multipath.conf`, then what lies in `conf.d` by name.
public enum ConfigurationFiles {
    /// The most files that are read.
    static let mostFiles = 256

    /// All of them together, each entry with its file; empty when there is none.
    ///
    /// - Parameter etc: The folder that holds them.
    /// - Throws: ``MultipathError`` with `.malformedConfiguration`, naming the file.
    public static func read(etc: String = "/etc") throws(MultipathError) -> MultipathConfiguration {
        var paths = ["\(etc)/multipath.conf"]
        let folder = "\(etc)/multipath/conf.d"
        do {
            let names = try SystemFiles.names(folder).filter { $0.hasSuffix(".conf") }.sorted()
            paths += names.prefix(mostFiles).map { "\(folder)/\($0)" }
        } catch {
            throw MultipathError(.malformedConfiguration, object: folder, detail: "\(error)")
        }
        var files: [MultipathConfiguration] = []
        for path in paths {
            let contents: [UInt8]?
            do {
                contents = try SystemFiles.contents(path, limit: MultipathConfiguration.longest)
            } catch {
                throw MultipathError(.malformedConfiguration, object: path, detail: "\(error)")
            }
            guard let contents else { continue }
            guard let text = String(validating: contents, as: UTF8.self) else {
                throw MultipathError(.malformedConfiguration, object: path, detail: "it is not UTF-8")
            }
            files.append(try MultipathConfiguration(parsing: text, name: path))
        }
        return MultipathConfiguration(merging: files)
    }
}
