// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import Hummingbird
import Logging
import NIOCore
import SQLStorage

/// What every answer of the console says to browsers, and failures as pages.
struct ConsoleAnswers: RouterMiddleware {
    typealias Context = RequestOrigin

    let templates: ConsoleTemplates
    let logger: Logger

    /// Source: CSP Level 3; RFC 6797; Fetch Standard; Referrer Policy. With `no-referrer` browsers would not say where a
    /// form comes from. No report goes anywhere.
    private static let headers = [
        (
            "content-security-policy",
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
                + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
        ("x-frame-options", "DENY"), ("x-content-type-options", "nosniff"), ("referrer-policy", "same-origin"),
        ("strict-transport-security", "max-age=31536000"), ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ].compactMap { name, value in HTTPFields.Element.Name(name).map { ($0, value) } }

    func handle(
        _ request: Request, context: RequestOrigin, next: (Request, RequestOrigin) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            response = answer(error, to: request, context)
        }
        for (name, value) in Self.headers { response.headers[name] = value }
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
        return response
    }

    private func answer(_ error: any Error, to request: Request, _ context: RequestOrigin) -> Response {
        let failure =
            error as? ConfigurationFailure ?? (error as? SQLFailure).map { ConfigurationFailure($0) }
            ?? ConfigurationFailure(
                .internalFailure, "The server failed.",
                remedy: "Look at its journal: journalctl -u mt-configuration-server.")
        if failure.code == .notAuthenticated, request.method == .get {
            return .seeOther(ConsolePath.login(next: request.uri.string))
        }
        logger.log(
            level: failure.code == .internalFailure ? .error : .notice, "A request to the console was refused.",
            metadata: [
                "path": "\(request.uri.path.prefix(200))", "address": "\(context.address)",
                "code": "\(failure.code.rawValue)",
                "reason": "\(failure.code == .internalFailure ? "\(error)" : failure.message)",
            ])
        let page = templates.render(FailureView(failure), in: PageFrame(title: Self.title(failure)))
        return .page(page, status: .init(code: failure.httpStatus))
    }

    static func title(_ failure: ConfigurationFailure) -> String {
        switch failure.httpStatus {
        case 404: "There is no such page"
        case 401, 403: "You may not do this"
        case 409: "It cannot be done now"
        case 429: "Too many attempts"
        case 400: "That makes no sense"
        default: "Something went wrong"
        }
    }
}

extension Response {
    static func page(_ html: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "text/html; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(string: html)))
    }

    /// Sends the browser on with a GET. Source: RFC 9110, section 15.4.4.
    static func seeOther(_ address: String) -> Response { Response(status: .seeOther, headers: [.location: address]) }
}
