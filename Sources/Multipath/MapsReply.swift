// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import FoundationEssentials
import StoragePrimitives

/// Reads the answer to `show maps json`.
public enum MapsReply {
    /// The version of the answer that is understood: `major_version`.
    public static let majorVersion = 0
    /// The most maps that are accepted.
    public static let mostMaps = 4096
    /// The most paths that a map may have.
    public static let mostPaths = 1024
    /// The most nested brackets that are accepted: the answer has 7.
    public static let deepest = 32

    /// The maps in it.
    ///
    /// - Parameter command: What errors call the request.
    /// - Throws: ``MultipathError`` with `.malformedReply` or `.replyTooLarge`.
    public static func decode(
        _ reply: [UInt8], command: String = "show maps json"
    ) throws(MultipathError)
        -> [MultipathMap]
    {
        func malformed(_ detail: String) -> MultipathError {
            MultipathError(.malformedReply, object: command, detail: detail)
        }
        guard reply.count <= SocketMessage.longestReply else {
            throw MultipathError(.replyTooLarge, object: command, detail: "\(reply.count) bytes")
        }
        guard depth(of: reply) <= deepest else { throw malformed("it is nested more than \(deepest) deep") }
        let answer: Answer
        do {
            answer = try JSONDecoder().decode(Answer.self, from: Data(reply))
        } catch let error as DecodingError {
            throw malformed(sentence(error))
        } catch {
            throw malformed("it is not JSON")
        }
        guard answer.majorVersion == majorVersion else {
            throw malformed("it has version \(answer.majorVersion), and \(majorVersion) is understood")
        }
        guard answer.maps.count <= mostMaps else {
            throw malformed("it has \(answer.maps.count) maps, and \(mostMaps) are accepted")
        }
        var maps: [MultipathMap] = []
        for map in answer.maps {
            let paths = map.pathGroups.reduce(0) { $0 + $1.paths.count }
            guard paths <= mostPaths else {
                throw malformed("map \(map.name) has \(paths) paths, and \(mostPaths) are accepted")
            }
            guard let decoded = map.decoded() else { throw malformed("map \(map.name) has a path without a number") }
            maps.append(decoded)
        }
        return maps
    }

    /// How deep brackets are nested, so that a decoder that recurses is never handed what would exhaust its stack.
    private static func depth(of reply: [UInt8]) -> Int {
        var depth = 0
        var deepest = 0
        var isInString = false
        var isEscaped = false
        for byte in reply {
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                deepest = max(deepest, depth)
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth = max(0, depth - 1)
            default: break
            }
        }
        return deepest
    }

    private static func sentence(_ error: DecodingError) -> String {
        func place(_ context: DecodingError.Context) -> String {
            let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
            return path.isEmpty ? "the answer" : "maps\(path.hasPrefix(".maps") ? String(path.dropFirst(5)) : path)"
        }
        switch error {
        case .keyNotFound(let key, let context): return "\(key.stringValue) is missing in \(place(context))"
        case .typeMismatch(_, let context): return "\(place(context)) has another type than expected"
        case .valueNotFound(_, let context): return "\(place(context)) is null"
        case .dataCorrupted(let context):
            return context.codingPath.isEmpty ? "it is not JSON" : "\(place(context)) is unreadable"
        @unknown default: return "it is not what was asked for"
        }
    }
}

// The answer field by field. What is not read here (statistics, World Wide node names) is left out.
private struct Answer: Decodable {
    var majorVersion: Int
    var maps: [Map]

    enum CodingKeys: String, CodingKey {
        case majorVersion = "major_version"
        case maps
    }

    struct Map: Decodable {
        var name: String
        var uuid: String
        var sysfs: String?
        var queueing: String?
        var writeProtection: String?
        var state: String?
        var features: String?
        var pathFaults: UInt64?
        var vendor: String?
        var product: String?
        var pathGroups: [Group]

        enum CodingKeys: String, CodingKey {
            case name
            case uuid
            case sysfs
            case queueing
            case writeProtection = "write_prot"
            case state = "dm_st"
            case features
            case pathFaults = "path_faults"
            case vendor = "vend"
            case product = "prod"
            case pathGroups = "path_groups"
        }
    }

    struct Group: Decodable {
        var selector: String?
        var priority: Int?
        var state: String?
        var number: Int?
        var paths: [Path]

        enum CodingKeys: String, CodingKey {
            case selector
            case priority = "pri"
            case state = "dm_st"
            case number = "group"
            case paths
        }
    }

    struct Path: Decodable {
        var devnode: String
        var number: String
        var state: String
        var deviceState: String?
        var checkerState: String
        var checker: String?
        var priority: Int?
        var targetPort: String?
        var hostPort: String?

        enum CodingKeys: String, CodingKey {
            case devnode = "dev"
            case number = "dev_t"
            case state = "dm_st"
            case deviceState = "dev_st"
            case checkerState = "chk_st"
            case checker
            case priority = "pri"
            case targetPort = "target_wwpn"
            case hostPort = "host_wwpn"
        }
    }
}

extension Answer.Map {
    /// Nil when a path has no usable number.
    fileprivate func decoded() -> MultipathMap? {
        var groups: [PathGroup] = []
        for (index, group) in pathGroups.enumerated() {
            var paths: [MultipathPath] = []
            for path in group.paths {
                guard let decoded = path.decoded() else { return nil }
                paths.append(decoded)
            }
            groups.append(
                PathGroup(
                    number: group.number ?? index + 1, state: group.decodedState, priority: group.priority ?? 0,
                    selector: group.selector ?? "", paths: paths))
        }
        return MultipathMap(
            name: name, wwid: uuid, devnode: PathDetails.known(sysfs), vendor: PathDetails.known(vendor) ?? "",
            product: PathDetails.known(product) ?? "", isReadOnly: writeProtection == "ro",
            isSuspended: state == "suspend", queueing: decodedQueueing, pathFaults: pathFaults ?? 0, groups: groups)
    }

    private var decodedQueueing: QueueingMode {
        switch queueing ?? "-" {
        case "-", "": .unset(queuesForever: (features ?? "").contains("queue_if_no_path"))
        case "off": .off
        case "on": .on
        case let word: .limited(word)
        }
    }
}

extension Answer.Group {
    fileprivate var decodedState: PathGroup.GroupState {
        switch state ?? "undef" {
        case "active": .active
        case "enabled": .enabled
        case "disabled": .disabled
        case let word: .other(word)
        }
    }
}

extension Answer.Path {
    fileprivate func decoded() -> MultipathPath? {
        guard let deviceNumber = DeviceNumber(number) else { return nil }
        let decodedState: MultipathPath.PathState =
            switch state {
            case "active": .active
            case "failed": .failed
            case let word: .other(word)
            }
        return MultipathPath(
            devnode: devnode, deviceNumber: deviceNumber, state: decodedState, checkerState: CheckerState(checkerState),
            checker: checker ?? "", deviceState: deviceState ?? "", priority: priority ?? 0,
            targetPort: PathDetails.known(targetPort), hostPort: PathDetails.known(hostPort), details: nil)
    }
}
