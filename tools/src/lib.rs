//! The command line tools quant-opt and quant-run, and the library they are made of.
