// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import Hummingbird

extension Console {
    /// Signing in and out.
    func addDoor(to console: RouterGroup<RequestOrigin>) {
        console.get("console/login") { request, origin in
            let next = FormFields(request.uri.query ?? "")["next"]
            if try await door.session(of: request, isUse: false) != nil { return Response.seeOther(own(next)) }
            return try await loginPage(origin, next: next)
        }
        console.post("console/login") { request, origin in
            guard ConsoleDoor.isFromConsole(request) else { throw Self.otherSite }
            let fields = try await form(request, limit: Self.maximumLoginBytes)
            do {
                let isByCertificate = fields["with"] == "certificate"
                let session =
                    isByCertificate
                    ? try await door.enter(byCertificate: origin)
                    : try await door.enter(withCode: fields["code"] ?? "", from: origin)
                logger.notice(
                    "An operator signed in to the console.",
                    metadata: [
                        "operator": "\(session.name)", "address": "\(origin.address)",
                        "with": isByCertificate ? "certificate" : "code",
                    ])
                var response = Response.seeOther(own(fields["next"]))
                response.headers[.setCookie] = ConsoleDoor.cookie(session)
                return response
            } catch let failure as ConfigurationFailure {
                logger.notice(
                    "Somebody was not let in to the console.",
                    metadata: ["address": "\(origin.address)", "code": "\(failure.code.rawValue)"])
                return try await loginPage(origin, next: fields["next"], refusal: failure)
            }
        }
        console.post("console/logout") { request, _ in
            try await change(request) { session, _ in
                try await door.leave(session)
                var response = Response.seeOther(ConsolePath.login)
                response.headers[.setCookie] = ConsoleDoor.cookie(nil)
                return response
            }
        }
    }

    private func own(_ next: String?) -> String {
        next.flatMap { ConsolePath.isOwn($0) ? $0 : nil } ?? ConsolePath.root
    }

    private func loginPage(
        _ origin: RequestOrigin, next: String?, refusal: ConfigurationFailure? = nil
    ) async throws -> Response {
        let view = LoginView(
            next: own(next), certificate: try await door.certificate(origin)?.host, refusal: refusal)
        return .page(
            templates.render(view, in: PageFrame(title: "Sign in")),
            status: refusal.map { .init(code: $0.httpStatus) } ?? .ok)
    }
}
