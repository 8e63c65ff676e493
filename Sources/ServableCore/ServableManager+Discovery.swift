import Logging

/// What was last reported of models as a whole, so that it is reported again only when it changes.
struct Reported {
    /// Name → base path of the wanted models; nil before the first look.
    var models: [String: String]?
    /// Warnings that stand in the log.
    var warnings: Set<String> = []
    /// Whether the model root could be read once, so that its models are known.
    var hasReadRoot = false
}

/// From what exists to what is wanted.
extension ServableManager {
    func integrate(_ discovery: Discovery, of specification: ServingSpecification) {
        let named = Set(specification.models.map(\.name))
        reported.hasReadRoot = specification.modelRoot != nil && (reported.hasReadRoot || discovery.modelRootProblem == nil)
        withdrawModels(missingFrom: discovery)
        for found in discovery.models { adopt(found, isNamed: named.contains(found.specification.name)) }
        logNew(discovery.warnings + (discovery.modelRootProblem.map { [$0] } ?? []), logged: &reported.warnings)
        announceWantedModels(generalProblem: discovery.modelRootProblem)
        for found in discovery.models { act(on: found) }
        reconcile(models.keys.sorted())
    }

    /// Unloads everything without a word about what is wanted: the process stops, the specification stands.
    func unloadAllModels() {
        for name in models.keys {
            models[name]?.isConfigured = false
            models[name]?.wanted = [:]
            for record in models[name]?.versions.values ?? [:].values { record.reload?.cancel() }
        }
        reconcile(models.keys.sorted())
    }

    /// A model that is neither in the specification nor in the root is wanted no more. One of a root that cannot be read stays.
    private func withdrawModels(missingFrom discovery: Discovery) {
        let found = Set(discovery.models.map(\.specification.name))
        for (name, model) in models where model.isConfigured && !found.contains(name) {
            let isUnknown = discovery.modelRootProblem != nil || discovery.unreadableNames.contains(name)
            if isUnknown && !model.isNamed { continue }
            withdraw(name)
        }
    }

    private func withdraw(_ name: String) {
        models[name]?.isConfigured = false
        models[name]?.wanted = [:]
        models[name]?.existing = [:]
        models[name]?.demanded = []
        models[name]?.problem = nil
        models[name]?.announcedPresence = nil
        publish(ManagedModel.Labels(assigned: [:], specified: [:]), of: name)
    }

    private func adopt(_ found: DiscoveredModel, isNamed: Bool) {
        let name = found.specification.name
        var model = models[name] ?? ManagedModel(found.specification)
        model.specification = found.specification
        model.isConfigured = true
        model.isNamed = isNamed
        if model.problem != found.problem { announce(.problem(model: name, found.problem)) }
        model.problem = found.problem
        logNew(found.warnings + staleVersions(of: model, found: found), logged: &model.loggedWarnings)
        // A base path that is gone or unreadable (an unmounted disk) takes nothing down: what is loaded goes on serving.
        if found.access == .readable {
            model.existing = found.versions.reduce(into: [:]) { $0[$1.version] = $1 }
            model.wanted = retired.contains(name) ? [:] : model.existing.filter { found.wanted.contains($0.key) }
            model.standIns.formIntersection(model.existing.keys)
            model.measured = model.measured.filter { model.existing[$0.key] != nil }
        }
        models[name] = model
        carryDemand(of: name)
    }

    /// A version that serves is not loaded again because its number now lies elsewhere; that would take it away for a while.
    private func staleVersions(of model: ManagedModel, found: DiscoveredModel) -> [String] {
        found.versions.compactMap { version in
            guard let record = model.versions[version.version], record.phase.isAvailable, record.path != version.path else {
                return nil
            }
            return "version \(version.version) of model \"\(found.specification.name)\" goes on serving what was loaded from "
                + "\"\(record.path)\", not \"\(version.path)\"; publish new content under a new number"
        }
    }

    private func act(on found: DiscoveredModel) {
        let name = found.specification.name
        if found.access != .unreadable { announcePresence(of: found) }
        reviveChangedVersions(of: name)
        noticeChangedFiles(of: found)
        updateLabels(of: name)
    }

    private func announcePresence(of found: DiscoveredModel) {
        let name = found.specification.name
        let presence = ManagedModel.Presence(
            versions: found.versions.reduce(into: [:]) { $0[$1.version] = $1.path },
            wanted: retired.contains(name) ? [] : found.wanted
        )
        guard presence != models[name]?.announcedPresence else { return }
        models[name]?.announcedPresence = presence
        let versions = { (numbers: [Int64]) in numbers.isEmpty ? "none" : numbers.sorted().map(String.init).joined(separator: ", ") }
        logger.debug(
            "model \(name): versions found: \(versions(Array(presence.versions.keys))); to be served: \(versions(presence.wanted))",
            metadata: [".model": "\(name)"])
        announce(.versionsPresent(model: name, versions: presence.versions, wanted: presence.wanted))
    }

    private func announceWantedModels(generalProblem: String?) {
        let configured = models.filter(\.value.isConfigured)
        let facts = configured.map { name, model in
            let isRetired = retired.contains(name)
            return (
                name,
                WantedModel(
                    problem: model.problem, versions: Set(model.wanted.keys), isOnDemand: model.isOnDemand && !isRetired,
                    isRetired: isRetired)
            )
        }
        board.setWanted(
            Dictionary(uniqueKeysWithValues: facts), rootProblem: generalProblem, rootWasRead: reported.hasReadRoot)
        let wanted = configured.mapValues(\.specification.basePath)
        guard wanted != reported.models else { return }
        reported.models = wanted
        announce(.modelsWanted(wanted))
    }

    /// A version that failed gets a new chance when its files have changed and come to rest.
    private func reviveChangedVersions(of name: String) {
        guard let model = models[name] else { return }
        for (version, record) in model.versions {
            guard let failure = record.phase.failure, let found = model.target(version) else { continue }
            let hasMoved = found.path != record.path
            let hasChanged = found.fingerprint != nil && found.fingerprint != failure.fingerprint
            guard hasMoved || (hasChanged && isQuiet(found)) else { continue }
            retryAtOnce(ServableID(name: name, version: version))
        }
    }

    func isQuiet(_ found: DiscoveredVersion) -> Bool {
        guard options.pollInterval > .zero, let fingerprint = found.fingerprint else { return true }
        return fingerprint.isQuiet(for: options.quietPeriod, now: now())
    }

    private func logNew(_ warnings: [String], logged: inout Set<String>) {
        for warning in warnings where !logged.contains(warning) { logger.warning("\(warning)") }
        logged = Set(warnings)
    }
}

/// Labels move when the version they are to point to becomes available.
extension ServableManager {
    func updateLabels(of name: String) {
        guard let model = models[name], model.isConfigured else { return }
        let specified = model.specification.labels
        var assigned = model.publishedLabels?.assigned.filter { specified[$0.key] != nil } ?? [:]
        for (label, version) in specified where model.versions[version]?.phase.isAvailable == true {
            assigned[label] = version
        }
        publish(ManagedModel.Labels(assigned: assigned, specified: specified), of: name)
    }

    /// A label that never was assigned already misses with the version it waits for, as a specific request would.
    private func publish(_ labels: ManagedModel.Labels, of name: String) {
        guard let model = models[name], model.publishedLabels != labels else { return }
        models[name]?.publishedLabels = labels
        table.setLabels(labels.specified.merging(labels.assigned) { $1 }, of: name)
        board.setLabels(labels.assigned, of: name)
        announce(.labels(model: name, assigned: labels.assigned, specified: labels.specified))
    }
}
