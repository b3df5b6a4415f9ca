//! Writes and reads TFLite flatbuffers.
