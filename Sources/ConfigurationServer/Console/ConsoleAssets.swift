// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Crypto
import Hummingbird
import NIOCore

/// The files that pages refer to, from memory, with strong validators (RFC 9110, section 8.8.3).
struct ConsoleAsset: Sendable {
    let name: String
    let type: String
    let body: ByteBuffer
    let entityTag: String

    init(_ name: String, _ type: String, _ bytes: [UInt8]) {
        self.name = name
        self.type = type
        body = ByteBuffer(bytes: bytes)
        let digest = SHA256.hash(data: bytes).prefix(16).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        entityTag = "\"\(digest.joined())\""
    }

    static let all = [
        ConsoleAsset("console.css", "text/css; charset=utf-8", PackageResources.console_css),
        ConsoleAsset("console.js", "text/javascript; charset=utf-8", PackageResources.console_js),
        ConsoleAsset("icon.svg", "image/svg+xml", PackageResources.icon_svg),
    ]

    func answer(_ request: Request) -> Response {
        let headers: HTTPFields = [.eTag: entityTag, .cacheControl: "no-cache"]
        let known = request.headers[.ifNoneMatch] ?? ""
        if known.split(separator: ",").contains(where: { $0.drop { $0 == " " }.elementsEqual(entityTag) }) {
            return Response(status: .notModified, headers: headers)
        }
        var full = headers
        full[.contentType] = type
        return Response(status: .ok, headers: full, body: .init(byteBuffer: body))
    }
}
