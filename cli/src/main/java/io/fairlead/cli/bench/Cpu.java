package io.fairlead.cli.bench;

/// Processor time of one measured window.
///
/// @param loopsSeconds of the engine's event loops, which do all that forwarding costs here
/// @param busiestLoop share of the window in which the busiest of them ran, 0 to 1
/// @param processSeconds of the whole process: generator, compiler, and the embedded cluster where it is the target, included
/// @param busiestOfCluster share of the window in which the busiest thread of the embedded cluster ran, 0 to 1; NaN where that is not the target
/// @param machine share of all processors of this machine that were busy, whoever used them, 0 to 1; NaN where it cannot be told
public record Cpu(double loopsSeconds, double busiestLoop, double processSeconds, double busiestOfCluster, double machine) {}
