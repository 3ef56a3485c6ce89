import FlockCore
import HAProxy

extension RoutingPlan {
    /// What TLS and ACME bring into the templates.
    func https(_ paths: HAProxyPaths) -> [String: Any] {
        var context: [String: Any] = [:]
        if let acme = settings.https.acme {
            context["acme"] = acme
            context["acmeKey"] = Self.acmeKey.rawValue
            context["acmeBackend"] = self.acme?.backend.rawValue
        }
        if let listen = settings.https.listen {
            context["https"] = true
            context["httpsListen"] = listen.description
            if listen.port != 443 { context["httpsPort"] = ":\(listen.port)" }
            context["certificateList"] = paths.certificateList.rawValue
            context["redirect"] = settings.https.redirect
            let seconds = settings.https.hsts.duration.components.seconds
            if seconds > 0 { context["hsts"] = String(seconds) }
        }
        return context
    }
}
