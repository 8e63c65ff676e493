extension Duration {
    var milliseconds: Double { Double(attoseconds) / 1e15 }
    var nanoseconds: Double { Double(attoseconds) / 1e9 }
}
