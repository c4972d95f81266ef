// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ConfigurationServer
import ControlAPI
import StoragePrimitives
import Testing

@Suite struct ConsoleRenderingTests {
    static let now = Timestamp.seconds(1_800_000_000)
    /// What would end a text or an attribute: with a combining mark it is another character, and the same octets.
    static let hostile = "<script>alert(1)</script>\"\u{301} onfocus='x'&amp;\u{202E}{{csrf}}"

    /// Every page, of a site in which every text is hostile.
    private func pages(_ hostile: String) throws -> [(name: String, html: String)] {
        let templates = try ConsoleTemplates()
        let now = Self.now
        let site = SampleSite(SampleSite.content(now: now, hostile: hostile), now: now)
        let groups = site.groups().groups
        let servers = site.servers().servers
        var frame = PageFrame(title: "Title \(hostile)", section: .overview)
        frame.name = "alice\(hostile)"
        frame.formToken = "f00d"
        frame.refreshAddress = "/console/jobs/\(AddressText.encoded(hostile))"
        func render(_ name: String, _ view: some PageView) -> (String, String) {
            (name, templates.render(view, in: frame))
        }
        let failure = ConfigurationFailure(.conflict, "It failed\(hostile)", remedy: "Do it\(hostile)")
        var crm = try site.group("crm")
        crm.findings = [SiteFinding(rule: hostile, severity: .refusal, message: hostile, remedy: hostile)]
        crm.group.name = "crm\(hostile)"
        let points = try site.points(of: "crm")
        let failover = SiteOperation.failover(FailoverRequest(point: .bookmark("x\(hostile.prefix(100))")))
        var pages = [
            render(
                "overview",
                OverviewView(
                    groups: groups, servers: servers, health: try servers.map { try site.server($0.hostID) },
                    jobs: site.jobs(of: nil).jobs, now: now)),
            render("servers", ServersView(servers, now: now)),
            render("group", GroupView(crm, points: .success(points), now: now)),
            render("group without points", GroupView(crm, points: .failure(failure), now: now)),
            render("jobs", JobsView(site.jobs(of: nil).jobs, of: "crm\(hostile)", now: now)),
            render("machines", MachinesView(site.machines().machines, groups: groups)),
            render("policies", PoliciesView(site.policies().policies, groups: groups)),
            render(
                "policy", PolicyView(nil, typed: FormFields("name=\(AddressText.encoded(hostile))"), refusal: failure)),
            render("login", LoginView(next: "/console/\(hostile)", certificate: "alice\(hostile)", refusal: failure)),
            render("failure", FailureView(failure)),
            render(
                "confirm",
                ConfirmView(
                    failover, on: crm, findings: SiteFindingList(findings: crm.findings),
                    resolved: ResolvedPoint(point: points.bookmarks[24], note: hostile), refusal: failure, now: now)),
        ]
        for kind in SiteOperation.Kind.allCases {
            pages.append(
                render(
                    "operation \(kind)",
                    OperationView(
                        kind, on: crm, fields: FormFields("point=\(AddressText.encoded(hostile))&which=named"),
                        servers: servers, machines: site.machines().machines, points: .success(points), now: now)))
        }
        for server in servers { pages.append(render("server", ServerView(try site.server(server.hostID), now: now))) }
        for job in site.jobs(of: nil).jobs { pages.append(render("job", JobView(job, now: now))) }
        return pages
    }

    @Test func `HTML in every text shows as text, and attributes end where they end`() throws {
        for (name, html) in try pages(Self.hostile) {
            #expect(html.contains("&lt;script&gt;"), "\(name) shows the text")
            #expect(!html.contains("<script>"), "\(name)")
            // Octets, not characters: `"` with a combining mark is another character than `"`.
            let bytes = html.unicodeScalars.map(\.value)
            let quoteWithMark: [UInt32] = [0x22, 0x301]
            #expect(!bytes.indices.dropLast().contains { Array(bytes[$0...$0 + 1]) == quoteWithMark }, "\(name)")
            #expect(!html.unicodeScalars.contains("\u{202E}"), "\(name)")
            // A text is no template.
            #expect(html.contains("{{csrf}}"), "\(name)")
            #expect(html.contains("</html>"), "\(name)")
        }
    }

    @Test func `without hostile texts every tag that is opened is closed`() throws {
        let void: Set<Substring> = ["meta", "link", "input", "!DOCTYPE"]
        for (name, html) in try pages("") {
            var open: [Substring] = []
            for match in html.matches(of: /<(\/?)([A-Za-z!][A-Za-z0-9]*)[^>]*?(\/?)>/) {
                let tag = match.2
                if match.1.isEmpty {
                    if match.3.isEmpty, !void.contains(tag) { open.append(tag) }
                } else {
                    #expect(open.popLast() == tag, "\(name): </\(tag)>")
                }
            }
            #expect(open.isEmpty, "\(name)")
            #expect(!html.contains("style="), "\(name) has no inline style")
            #expect(!html.contains("Optional("), "\(name)")
            #expect(!html.contains("{{"), "\(name)")
        }
    }

    @Test func `no template writes a text as it is`() {
        #expect(ConsoleTemplates.sources.count > 15)
        for (name, source) in ConsoleTemplates.sources {
            let text = String(decoding: source, as: UTF8.self)
            #expect(!text.contains("{{{") && !text.contains("{{&") && !text.contains("CONTENT_TYPE"), "\(name)")
        }
    }

    @Test(
        arguments: [
            (nil, 900, false, "no change yet", nil, "good"), (0, 900, false, "0 s", "0.0%", "good"),
            (450, 900, false, "7 min 30 s", "50.0%", "good"), (890, 900, false, "14 min 50 s", "98.8%", "warning"),
            (901, 900, true, "15 min 1 s", "100.0%", "bad"),
            (UInt64.max, 1, true, "213503982334601 d 7 h", "100.0%", "bad"),
            (5, 0, true, "5 s", "100.0%", "bad"),
        ] as [(UInt64?, UInt64, Bool, String, String?, String)])
    func `an RPO is told against its threshold`(
        seconds: UInt64?, threshold: UInt64, isBeyond: Bool, age: String, share: String?, tone: String
    ) {
        let view = RPOView(seconds: seconds, threshold: threshold, isBeyond: isBeyond)
        #expect(view.age == age)
        #expect(view.share == share)
        #expect(view.tone == tone)
    }

    @Test func `every state has a word of its own`() {
        #expect(Set(GroupState.allCases.map { Words.badge($0).word }).count == GroupState.allCases.count)
        #expect(Set(ServerState.allCases.map { Words.badge($0).word }).count == ServerState.allCases.count)
        #expect(Set(SiteJobReport.State.allCases.map { Words.badge($0).word }).count == 5)
        #expect(
            Words.badge(SiteGroupReport(group: SiteGroup(name: "a", machines: ["b"]), policy: SitePolicy(name: "c")))
                == Words.badge(
                    SiteGroupReport(group: SiteGroup(name: "d", machines: ["e"]), policy: SitePolicy(name: "f"))))
        #expect(Words.loss(0) == "Loses nothing")
        #expect(Words.loss(252) == "Loses 4 min 12 s")
    }

    @Test func `times at the ends of what 64 bits hold draw a line`() throws {
        let list = PointList(
            group: "g",
            stretches: [
                StretchReport(
                    firstSequence: 1, lastSequence: 2, firstTime: DateTime(Timestamp(rawValue: .min)),
                    lastTime: DateTime(Timestamp(rawValue: .max)), accuracy: .exact, isBoundariesOnly: false)
            ], bookmarks: [])
        var group = SiteGroupReport(group: SiteGroup(name: "g", machines: ["m"]), policy: SitePolicy(name: "p"))
        group.rpoSeconds = .max
        let html = try ConsoleTemplates().render(
            GroupView(group, points: .success(list), now: Self.now), in: PageFrame(title: "g"))
        #expect(html.contains("x=\"1.5%\""))
        #expect(html.contains("width=\"97.0%\""))
    }

    @Test func `an operation that goes through a form comes out the same`() throws {
        let time = DateTime(Timestamp(rawValue: 1_800_000_000_123_456_789))
        let operations: [SiteOperation] = [
            .failover(FailoverRequest(point: .latest)),
            .failover(
                FailoverRequest(point: .time(time), sourceStopped: true, acceptInexact: true, targets: .written)),
            .failover(FailoverRequest(point: .bookmark("before & after = 100 %+"))),
            .rollback(RollbackRequest(targets: .untouched, discardHistory: true)), .rollback(RollbackRequest()),
            .commit(CommitRequest(dropHistory: true)),
            .reprotect(
                ReprotectRequest(
                    direction: .forward, masterTarget: "mt", processServer: "ps",
                    targets: [DiskTarget(machine: "m", disk: "a=b&c", target: "file:/x y")])),
        ]
        for operation in operations {
            let text = OperationForm.fields(of: operation).map {
                "\(AddressText.encoded($0.name))=\(AddressText.encoded($0.value))"
            }.joined(separator: "&")
            #expect(try OperationForm.operation(operation.kind, from: FormFields(text)) == operation)
        }
    }

    @Test(arguments: [
        ("which=latest", "latest"), ("which=time&time=2026-01-31T12%3A00", "2026-01-31T12:00:00Z"),
        ("which=time&time=2026-01-31T12%3A00%3A05", "2026-01-31T12:00:05Z"), ("which=named&point=a", "a"),
        ("point=77", "77"), ("which=latest-processed&point=a", "latest-processed"),
    ]) func `a point is read from the form`(form: String, point: String) throws {
        #expect(
            try OperationForm.operation(.failover, from: FormFields(form)).failover?.point == PointReference(point))
    }

    @Test(arguments: [
        "", "which=named", "which=time", "point=%00", "point=latest&targets=x", "point=99999999999999999999",
    ])
    func `what is no point is refused`(form: String) {
        #expect(throws: ConfigurationFailure.self) { try OperationForm.operation(.failover, from: FormFields(form)) }
    }

    @Test func `form fields are read whatever they are`() {
        let fields = FormFields("a=1&a=2&b&c=%41%zz%4&d=+x+&=e&f=%F0%9F%92%A3&g=%+1")
        #expect(fields["a"] == "1")
        #expect(fields["b"] == nil)
        #expect(fields["c"] == "A%zz%4")
        #expect(fields["d"] == "x")
        #expect(fields["f"] == "\u{1F4A3}")
        #expect(fields["g"] == "% 1")
        let many = FormFields((0..<2000).map { "n\($0)=1" }.joined(separator: "&"))
        #expect(many["n511"] == "1")
        #expect(many["n512"] == nil)
    }

    @Test func `durations and sizes in forms are read as what they were`() {
        for seconds: UInt64 in [1, 59, 60, 90, 900, 3600, 5400, 86400, 86400 * 3, 86401, 366 * 86400] {
            #expect(Quantity.seconds(DurationText.seconds(seconds)) == seconds)
        }
        for bytes: UInt64 in [64 << 20, 500 << 30, 1 << 40, (1 << 30) + 1] {
            #expect(Quantity.bytes(DurationText.bytes(bytes)) == bytes)
        }
        #expect(DurationText.seconds(86400) == "24h")
    }

    @Test func `a code is read however it is typed`() {
        #expect(ConsoleSecret.normalized("abcd-EFGH jkmn-pqrs") == "ABCDEFGHJKMNPQRS")
        #expect(ConsoleSecret.normalized("OOOO-IIII-LLLL-0011") == "0000111111110011")
        for wrong in [
            "", "ABCD", "ABCD-EFGH-JKMN-PQRU", String(repeating: "A", count: 17), String(repeating: " ", count: 99),
        ] {
            #expect(ConsoleSecret.normalized(wrong) == nil)
        }
    }
}
