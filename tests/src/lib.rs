//! End-to-end tests of quant-opt through its public API and command line.
