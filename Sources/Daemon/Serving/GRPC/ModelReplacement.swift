#if GRPC
    import GRPCFrontend
    import ServableCore

    /// Serves what a client of `HandleReloadConfigRequest` lists, instead of what was served, until the configuration is read again.
    struct ModelReplacement: ModelConfigurator {
        let configuration: ApusConfiguration
        let manager: ServableManager

        /// Between two looks whether models are available.
        private static let interval = Duration.milliseconds(20)

        func replaceModels(with text: String, timeout: Duration?) async throws(ServableError) {
            let models = try models(text)
            await manager.serve(try specification(models))
            try await wait(for: models.map(\.name), timeout: timeout)
        }

        private func models(_ text: String) throws(ServableError) -> [ModelEntry] {
            do throws(TextProtoError) {
                return try ModelConfigFile.models(text, path: "HandleReloadConfigRequest")
            } catch {
                throw ServableError(.invalidArgument, error.message)
            }
        }

        private func specification(_ models: [ModelEntry]) throws(ServableError) -> ValidatedSpecification {
            let assembly = ModelAssembly(models, folder: "/", root: nil, common: configuration.batching, loadMode: .eager)
            if let problem = assembly.problems.first { throw ServableError(.invalidArgument, problem.message) }
            do {
                return try assembly.serving.validated()
            } catch {
                throw ServableError(.invalidArgument, error.message)
            }
        }

        private func wait(for names: [String], timeout: Duration?) async throws(ServableError) {
            let deadline = timeout.map { ContinuousClock.Instant.now + $0 }
            var waiting = names
            while true {
                var pending: [String] = []
                for name in waiting where try !isDone(name) { pending.append(name) }
                guard !pending.isEmpty else { return }
                waiting = pending
                if let deadline, deadline <= .now {
                    throw ServableError(
                        .deadlineExceeded, "models are still being loaded: \(pending.joined(separator: ", ")); they go on being loaded")
                }
                do { try await Task.sleep(for: Self.interval) } catch {
                    throw ServableError(.cancelled, "the wait for the models was cancelled; they go on being loaded")
                }
            }
        }

        /// - Throws: why a model has no version that serves, when none is on its way.
        private func isDone(_ name: String) throws(ServableError) -> Bool {
            let statuses = manager.board.statuses(of: name)
            if statuses.contains(where: { $0.state == .start || $0.state == .loading }) { return false }
            if statuses.contains(where: { $0.state == .available }) { return true }
            if let problem = manager.board.problem(of: name) { throw ServableError(.notFound, "\(name): \(problem)") }
            if let error = statuses.compactMap(\.error).first { throw error }
            return false
        }
    }
#endif
